namespace Headrace;

public sealed class PathPattern;
