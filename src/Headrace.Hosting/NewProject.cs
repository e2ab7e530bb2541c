using Headrace.Configuration;

namespace Headrace.Hosting;

/// <summary>A file of a new project.</summary>
/// <param name="WasThere">True when it was left alone.</param>
public sealed record NewFile(string Name, string Purpose, bool WasThere);

/// <summary>A project to start from. What is there already is left alone.</summary>
public static class NewProject
{
    private const string Ignored = ".headrace/\n*.duckdb\n*.duckdb.wal\n";

    /// <summary>A headrace.yaml to start from, with comments; it reads the folder <c>lake</c>.</summary>
    public const string Sample = """
        # yaml-language-server: $schema=./.headrace/headrace.schema.json
        version: 1

        # Where data lives. ${NAME} is an environment variable, ${secret:NAME} a secret.
        connections:
          lake: { type: folder, path: ./lake }
          warehouse: { type: duckdb, path: ./warehouse.duckdb }

        # What every flow gets unless it says otherwise.
        defaults:
          target: { connection: warehouse, schema: raw }

        flows:
          # Each file of lake/orders once; bad rows wait in quarantine. Column types are found out from the first files.
          orders:
            source: { connection: lake, path: "orders/*.csv" }
            read: incremental
            write: append

          # A drop folder: lake/inbox/SCHEMA/append|truncate|schema/TABLE/FILE
          inbox:
            source: { connection: lake, path: "inbox/{database}/{action}/{table}/*" }
            read: drop
            target: { schema: "{database}", table: "{table}" }

        """;

    /// <summary>Writes a project's files where they are missing, and the schema of headrace.yaml for editors.</summary>
    /// <param name="folder">Absolute; it is made.</param>
    /// <param name="configuration">What headrace.yaml is to hold.</param>
    public static async Task<IReadOnlyList<NewFile>> WriteAsync(
        string folder,
        string configuration,
        CancellationToken cancel
    )
    {
        var state = Directory.CreateDirectory(Path.Combine(folder, ".headrace")).FullName;
        await File.WriteAllTextAsync(Path.Combine(state, "headrace.schema.json"), ConfigurationSchema.Write(), cancel);
        return
        [
            await WriteAsync(folder, "headrace.yaml", configuration, "the flows, commented", cancel),
            await WriteAsync(folder, ".gitignore", Ignored, "keeps state and data out of git", cancel),
        ];
    }

    /// <summary>Makes the folder that <see cref="Sample"/> reads.</summary>
    public static void MakeLake(string folder) => Directory.CreateDirectory(Path.Combine(folder, "lake", "orders"));

    private static async Task<NewFile> WriteAsync(
        string folder,
        string name,
        string text,
        string purpose,
        CancellationToken cancel
    )
    {
        var path = Path.Combine(folder, name);
        var wasThere = File.Exists(path);
        if (!wasThere)
            await File.WriteAllTextAsync(path, text, cancel);
        return new NewFile(name, purpose, wasThere);
    }
}
