namespace Headrace.Tests;

/// <summary>Tests that have a project of their own each.</summary>
public abstract class ProjectTests : IDisposable
{
    protected World World { get; } = new();

    /// <summary>A flow that appends CSV files to raw.prices.</summary>
    protected const string Prices = """
        prices:
          source: { connection: lake, path: "prices/*" }
          columns: { id: bigint, price: "decimal(12,2)" }
          read: incremental
          write: append
        """;

    /// <summary>A flow that merges CSV files into raw.customers by id.</summary>
    protected const string Customers = """
        customers:
          source: { connection: lake, path: "customers/*" }
          columns: { id: bigint, name: text }
          read: incremental
          primary_key: id
          write: merge
        """;

    /// <summary>A drop folder.</summary>
    protected const string Inbox = """
        inbox:
          source: { connection: lake, path: "inbox/{database}/{action}/{table}/*" }
          read: drop
          target: { schema: "{database}", table: "{table}" }
        """;

    /// <summary>A schema document for the inbox.</summary>
    protected static string Schema(
        string columns,
        string version = "1",
        string allowed = "\"append\",\"truncate\",\"schema\""
    ) => $$"""{"schema_version": {{version}}, "columns": [{{columns}}], "allowed_operations": [{{allowed}}]}""";

    public void Dispose()
    {
        World.Dispose();
        GC.SuppressFinalize(this);
    }
}
