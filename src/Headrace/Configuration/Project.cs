using System.ComponentModel;
using Headrace.Configuration.Binding;

namespace Headrace.Configuration;

/// <summary>What headrace.yaml says, with the chosen environment and the defaults applied.</summary>
[Description("A Headrace project: where data lives, and the ways it goes.")]
public sealed record Project
{
    [Description("The version of this file's format; always 1.")]
    public required int Version { get; init; }

    [Description("A name for the project; shown in messages.")]
    [Key("project")]
    public string? Name { get; init; }

    [Description("The places data comes from and goes to, each under a name of its own.")]
    public IReadOnlyDictionary<string, Connection> Connections { get; init; } =
        new OrderedDictionary<string, Connection>();

    [Description("What each flow gets unless it says otherwise: any key of a flow except source.")]
    public FlowSettings Defaults { get; init; } = new();

    [Description("Other places for the same flows; `--env NAME` chooses one.")]
    public IReadOnlyDictionary<string, ProjectEnvironment> Environments { get; init; } =
        new OrderedDictionary<string, ProjectEnvironment>();

    [Description("The flows, each under a name of its own.")]
    public IReadOnlyDictionary<string, Flow> Flows { get; init; } = new OrderedDictionary<string, Flow>();

    [Description("Tables that the warehouse makes of others, each under a name of its own.")]
    public IReadOnlyDictionary<string, Model> Models { get; init; } = new OrderedDictionary<string, Model>();

    [Description("A command that runs once after the flows and models of a run, when none of them failed.")]
    public AfterRun? AfterRun { get; init; }

    [Description("Ways to tell people what needs them, each under a name of its own.")]
    public IReadOnlyDictionary<string, Notification> Notifications { get; init; } =
        new OrderedDictionary<string, Notification>();

    [Description("Where events of OpenLineage go; nowhere when it is not said.")]
    public LineageSettings? Lineage { get; init; }

    /// <summary>The least memory within which data of any size is loaded, compared and verified.</summary>
    public const long LeastMemory = 384_000_000;

    [Description(
        "Memory that the whole process may use, 384MB or more; three quarters of the machine's when it is not said."
    )]
    [AtLeast(LeastMemory)]
    public long? Memory { get; init; }

    [Description("Threads that Headrace may use; one for each processor when it is not said.")]
    [AtLeast(1)]
    public int? Threads { get; init; }

    [Description("How many datasets are loaded at once.")]
    [AtLeast(1)]
    public int Parallel { get; init; } = 5;

    [Description("The folder for rows on their way; it may grow as large as a batch.")]
    public string Spool { get; init; } = ".headrace/spool";

    [Description(
        "Where the history of runs is kept, and who runs what, when several machines share the project; a "
            + "file of this machine when it is not said."
    )]
    public LedgerSettings? Ledger { get; init; }

    [Description(
        "How long Headrace keeps what it wrote down in a warehouse about checks, loads, files and listed tables, for "
            + "example 90d; for good when it is not said. What a position, quarantine or verify needs stays. See "
            + "docs/state.md."
    )]
    public TimeSpan? History { get; init; }

    /// <summary>The project's folder, from its root; every relative path of the file starts here.</summary>
    [NotAKey]
    public string Folder { get; init; } = "";

    /// <summary>The environment that was chosen; null for none.</summary>
    [NotAKey]
    public string? Environment { get; init; }

    /// <summary>What may never be shown; every sink asks it.</summary>
    [NotAKey]
    public Secrets Secrets { get; init; } = new();

    /// <summary>
    /// The file as it was written, after the environment and the defaults; variables are not resolved in it.
    /// </summary>
    internal MapNode? Written { get; init; }

    /// <summary>A path of the file from the machine's root.</summary>
    public string FullPath(string path) => Path.GetFullPath(path, Folder);
}
