using Headrace.Configuration;
using Headrace.Publishing;
using Headrace.Staging;
using Headrace.State;

namespace Headrace.Hosting;

/// <summary>Where a project keeps files of its own: its state, and the spool of this process.</summary>
public sealed class ProjectFolders : IDisposable
{
    private readonly Lazy<OwnFolder> spool;

    /// <summary>Makes no folder; those that are there are closed to other users.</summary>
    public ProjectFolders(Project project, TimeProvider clock)
    {
        State = Path.Combine(project.Folder, ".headrace");
        spool = new(() => OwnFolder.Open(project.FullPath(project.Spool), clock));
        OwnerOnly.Close(State);
        OwnerOnly.Close(project.FullPath(project.Spool));
    }

    /// <summary>The project's <c>.headrace</c>.</summary>
    public string State { get; }

    /// <summary>A folder for rows on their way, of this process alone. It is made when it is first asked for.</summary>
    public string Spool => spool.Value.Path;

    /// <summary>Operations that wait to be published.</summary>
    public Outbox Outbox => new(Path.Combine(State, "outbox"), Mirror("outbox", Path.Combine(State, "outbox")));

    /// <summary>What exports held. It is not in the spool, which may be on a disk that forgets.</summary>
    public string Memories => Path.Combine(State, "snapshots");

    /// <summary>The memories of exports in an object store; null where this machine's disk lasts.</summary>
    public Mirror? MirroredMemories => Mirror("snapshots", Memories);

    /// <summary>Where the files of a shared ledger's state lie; null where they are on this machine alone.</summary>
    internal Func<(IObjectStore Store, string Prefix)>? Stored { private get; init; }

    /// <summary>A file of the project's own that lies there; null where it is on this machine alone.</summary>
    internal VersionedFile? Versioned(string name, string path, TimeProvider clock) =>
        Stored is { } stored ? new VersionedFile(stored().Store, $"{stored().Prefix}{name}/", path, clock) : null;

    private Mirror? Mirror(string name, string folder) =>
        Stored is { } stored ? new Mirror(stored().Store, $"{stored().Prefix}{name}/", folder) : null;

    /// <summary>Loads whose rows are in an archive, and of which it is not known how they ended.</summary>
    public string Unfinished => Path.Combine(State, "unfinished");

    /// <summary>Where the engine finds what flows with masks stage without a name; none without such flows.</summary>
    public static IReadOnlyList<string> Unnamed(Project project) =>
        project.Flows.Values.Any(flow => flow.Masks.Count > 0) ? [Staging.Unlinked.Folder] : [];

    public void Dispose()
    {
        if (spool.IsValueCreated)
            spool.Value.Dispose();
    }
}
