namespace Headrace.Configuration;

/// <summary>A property that users do not write: it is not a key of headrace.yaml.</summary>
[AttributeUsage(AttributeTargets.Property)]
internal sealed class NotAKeyAttribute : Attribute;

/// <summary>The smallest number that makes sense for a key.</summary>
[AttributeUsage(AttributeTargets.Property)]
internal sealed class AtLeastAttribute(long value) : Attribute
{
    public long Value { get; } = value;
}

/// <summary>A record that may be written as one plain value, which is then the value of this key.</summary>
[AttributeUsage(AttributeTargets.Class)]
internal sealed class ShortForAttribute(string key) : Attribute
{
    public string Key { get; } = key;
}

/// <summary>
/// A value that nobody may see: it is shown as it is written when it is a variable, else as <c>***</c>.
/// </summary>
[AttributeUsage(AttributeTargets.Property)]
internal sealed class SecretAttribute : Attribute;

/// <summary>The key of a property that is not its name in snake case.</summary>
[AttributeUsage(AttributeTargets.Property)]
internal sealed class KeyAttribute(string key) : Attribute
{
    public string Key { get; } = key;
}
