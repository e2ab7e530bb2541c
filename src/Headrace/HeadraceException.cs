namespace Headrace;

/// <summary>
/// Every failure a user can meet: a stable code, what happened and what did not, where, what was found, and the next
/// command to type. Made only by <see cref="Error"/>; shown alike by the command line, the API and the ledger.
/// </summary>
public sealed class HeadraceException : Exception
{
    internal HeadraceException(string code, string what, string next, Exception? inner = null)
        : base($"{code}  {what}", inner)
    {
        Code = code;
        What = what;
        Next = next;
    }

    /// <summary>
    /// <c>HDR-nnn</c>; the first digit is the stage: 1 source, 2 checks, 3 warehouse, 4 ledger, 5 configuration,
    /// 6 server, 9 bug.
    /// </summary>
    public string Code { get; }

    /// <summary>One sentence: what happened, and what did not ("nothing was loaded").</summary>
    public string What { get; }

    /// <summary>What happened, without what did not.</summary>
    public string Happened => What.Split(';')[0];

    /// <summary>What to do or type next.</summary>
    public string Next { get; }

    /// <summary>Where, and what was found there, in the order to be shown.</summary>
    public IReadOnlyList<Fact> Facts { get; init; } = [];

    /// <summary>
    /// True when the same step may succeed when it is simply tried again (a busy file, a full disk is not).
    /// </summary>
    public bool IsTransient { get; init; }

    /// <summary>Where in a row's way it was met, as the first digit of the code says.</summary>
    public ErrorStage Stage => (ErrorStage)(Code[4] - '0');

    /// <summary>What code decides by, for the few errors that somebody expects.</summary>
    public ErrorKind Kind { get; init; }

    /// <summary>What the checks found, when one of them stopped a load.</summary>
    public IReadOnlyList<Checks.CheckResult> Checks { get; init; } = [];

    /// <summary>How a process or a dataset ends that meets this error.</summary>
    public Outcome Outcome =>
        Stage == ErrorStage.Checks || Kind == ErrorKind.AllSetAside ? Outcome.Stopped : Outcome.Failed;

    /// <summary>The same error with one more fact, unless a fact of that name is there already.</summary>
    public HeadraceException With(string name, object? value) =>
        value is null || Facts.Any(fact => fact.Name == name)
            ? this
            : new HeadraceException(Code, What, Next, InnerException)
            {
                Facts =
                [
                    .. Facts,
                    new Fact(name, Convert.ToString(value, System.Globalization.CultureInfo.InvariantCulture)!),
                ],
                IsTransient = IsTransient,
                Kind = Kind,
                Checks = Checks,
            };
}

/// <summary>The stage at which an error is met; the first digit of its code.</summary>
public enum ErrorStage
{
    Source = 1,
    Checks = 2,
    Warehouse = 3,
    Ledger = 4,
    Configuration = 5,
    Server = 6,
    Bug = 9,
}

/// <summary>Errors that somebody expects and answers; all others are only told.</summary>
public enum ErrorKind
{
    Other,

    /// <summary>A file changed while it was read.</summary>
    FileChanging,

    /// <summary>A file was listed and then gone.</summary>
    FileGone,

    /// <summary>The spool cannot be written, which is no fault of a file.</summary>
    SpoolFailed,

    /// <summary>Every record of a file was set aside.</summary>
    AllSetAside,

    /// <summary>A schema document does not allow an action.</summary>
    ActionNotAllowed,

    /// <summary>A comparison of exports goes over a limit of the flow, which a user may confirm.</summary>
    OverLimit,

    /// <summary>A database of sources does not answer, or refuses.</summary>
    DatabaseFailed,

    /// <summary>A place for files cannot be read or written.</summary>
    StoreFailed,

    /// <summary>Who calls a function does not answer it.</summary>
    RuntimeLost,
}

/// <summary>One line of an error: a name such as <c>source</c> or <c>found</c>, and its value.</summary>
public sealed record Fact(string Name, string Value);
