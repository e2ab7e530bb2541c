using Headrace.Configuration;
using Headrace.DuckDb;
using Headrace.Postgres;
using Headrace.Tests.Sqlite;
using Headrace.Warehouses;

namespace Headrace.Tests.Protocol;

public sealed class WarehouseCoreOfSqlite : WarehouseCore
{
    protected override Task<SqlWarehouse> OpenAsync(ProtocolBench bench) =>
        Task.FromResult<SqlWarehouse>(new SqliteWarehouse(bench.Engine, bench.OnTheWay, bench.Clock));
}

public sealed class WarehouseCoreOfDuckDb : WarehouseCore
{
    protected override Task<SqlWarehouse> OpenAsync(ProtocolBench bench) =>
        Task.FromResult<SqlWarehouse>(
            new DuckDbWarehouse(
                Path.Combine(bench.Folder, "warehouse.duckdb"),
                isReadOnly: false,
                bench.Settings,
                bench.Clock
            )
        );
}

public sealed class WarehouseCoreOfPostgres(PostgresServer server) : WarehouseCore
{
    protected override async Task<SqlWarehouse> OpenAsync(ProtocolBench bench)
    {
        var settings = new PostgresConnection
        {
            Name = "warehouse",
            Host = "127.0.0.1",
            Port = server.Port,
            Database = (await server.DatabaseAsync()).Name,
            User = "tester",
            Password = "known",
        };
        return new PostgresWarehouse(
            new PostgresDatabase(settings, null),
            new DuckDbEngine(bench.Settings),
            bench.OnTheWay,
            bench.Clock
        );
    }
}
