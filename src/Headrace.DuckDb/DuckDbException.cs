using System.Text.RegularExpressions;

namespace Headrace.DuckDb;

/// <summary>An error that DuckDB reported, with its own message, unchanged.</summary>
public sealed partial class DuckDbException : Exception
{
    // A statement that cannot be prepared and a database that cannot be opened come with a message only; it begins with
    // the kind. The names are those of DuckDB's Exception::ExceptionTypeToString where they differ from ours.
    private static readonly Dictionary<string, DuckDbErrorKind> Prefixes = new(StringComparer.OrdinalIgnoreCase)
    {
        ["Out of Range"] = DuckDbErrorKind.OutOfRange,
        ["Unknown Type"] = DuckDbErrorKind.UnknownType,
        ["Mismatch Type"] = DuckDbErrorKind.MismatchType,
        ["Divide by Zero"] = DuckDbErrorKind.DivideByZero,
        ["Object Size"] = DuckDbErrorKind.ObjectSize,
        ["Invalid Type"] = DuckDbErrorKind.InvalidType,
        ["TransactionContext"] = DuckDbErrorKind.Transaction,
        ["Not implemented"] = DuckDbErrorKind.NotImplemented,
        ["Invalid Input"] = DuckDbErrorKind.InvalidInput,
        ["Out of Memory"] = DuckDbErrorKind.OutOfMemory,
        ["Parameter Not Resolved"] = DuckDbErrorKind.ParameterNotResolved,
        ["Parameter Not Allowed"] = DuckDbErrorKind.ParameterNotAllowed,
        ["Missing Extension"] = DuckDbErrorKind.MissingExtension,
        ["Extension Autoloading"] = DuckDbErrorKind.Autoload,
        ["Invalid Configuration"] = DuckDbErrorKind.InvalidConfiguration,
        ["Invalid Error"] = DuckDbErrorKind.Unknown,
    };

    internal DuckDbException(string message, DuckDbErrorKind kind = DuckDbErrorKind.Unknown)
        : base(message) => Kind = kind == DuckDbErrorKind.Unknown ? KindOf(message) : kind;

    /// <summary>What kind of error it is.</summary>
    public DuckDbErrorKind Kind { get; }

    /// <summary>
    /// True when another transaction changed the same rows or the same table: the transaction may be tried again.
    /// </summary>
    public bool IsConflict =>
        Kind == DuckDbErrorKind.Transaction && Message.Contains("conflict", StringComparison.OrdinalIgnoreCase);

    /// <summary>
    /// True when another process has the database open, or another engine of this one that is about to let go of it.
    /// </summary>
    public bool IsLocked =>
        Kind switch
        {
            DuckDbErrorKind.IO => Message.Contains("Could not set lock on file", StringComparison.Ordinal),
            DuckDbErrorKind.Binder => Message.Contains("Unique file handle conflict", StringComparison.Ordinal),
            _ => false,
        };

    /// <summary>
    /// The process that has the database open, for example <c>PID 4711</c>; null when it is not known or not locked.
    /// </summary>
    public string? LockHolder =>
        IsLocked && HolderPattern().Match(Message) is { Success: true } match ? match.Groups[1].Value : null;

    [GeneratedRegex(@"Conflicting lock is held in [^\n]*?\b(PID \d+)")]
    private static partial Regex HolderPattern();

    private static DuckDbErrorKind KindOf(string message)
    {
        var end = message.IndexOf(" Error: ", StringComparison.Ordinal);
        if (end <= 0)
            return DuckDbErrorKind.Unknown;
        var name = message[..end];
        return Prefixes.TryGetValue(name, out var kind) ? kind
            : name.All(char.IsAsciiLetter) && Enum.TryParse(name, ignoreCase: true, out kind) ? kind
            : DuckDbErrorKind.Unknown;
    }
}
