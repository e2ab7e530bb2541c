namespace Headrace;

public static partial class Error
{
    /// <summary>The file was written to, replaced or truncated between listing and the end of reading.</summary>
    public static HeadraceException FileChanging(string source) =>
        new("HDR-111", "The file changed while it was read; nothing of it was loaded.", "nothing: the next run reads it again")
        {
            Facts = Facts(("source", source)),
            IsTransient = true,
        };

    /// <summary>The file was listed and then gone.</summary>
    public static HeadraceException FileGone(string source) =>
        new("HDR-112", "The file disappeared before it was read; nothing of it was loaded.", "put it back; if it was removed on purpose, nothing")
        {
            Facts = Facts(("source", source)),
        };
}
