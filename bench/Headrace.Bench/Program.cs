using Headrace.Bench;
using Headrace.DuckDb;

// Measures whole processes, each beside its baseline in the same run, and prints a page for bench/results/.
//   Headrace.Bench FOLDER/headrace load|diff|large|tables|serve|history|checks|aws [ROWS]
//                                              the benchmarks of one page; ROWS for large, history, checks and aws
//   Headrace.Bench ctas CSV DATABASE           the baseline of load: DuckDB's own CREATE TABLE AS
//   Headrace.Bench sql DATABASE SCRIPT         a baseline of history, checks and aws: statements by hand
//   Headrace.Bench join OLD NEW                the baseline of diff: DuckDB reads both files and joins them
if (args is ["ctas", var csv, var database])
{
    using var baseline = DuckDbDatabase.Open(database);
    using var connection = baseline.Connect();
    connection.Execute(
        $"CREATE TABLE t AS SELECT * FROM read_csv({Sql.Literal(csv)}, columns = {Data.Columns}, header = true)",
        default
    );
    return 0;
}

if (args is ["join", var before, var after])
{
    using var baseline = DuckDbDatabase.Open(DuckDbDatabase.Memory);
    using var connection = baseline.Connect();
    foreach (var (table, file) in ((string, string)[])[("o", before), ("n", after)])
        connection.Execute(
            $"CREATE TABLE {table} AS SELECT * FROM read_csv({Sql.Literal(file)}, all_varchar = true)",
            default
        );
    using var reader = connection.Query(
        """
        SELECT op, count(*) FROM (SELECT CASE WHEN o.pk IS NULL THEN 'I' WHEN n.pk IS NULL THEN 'D' ELSE 'U' END AS op
            FROM n FULL OUTER JOIN o ON n.pk = o.pk
            WHERE o.pk IS NULL OR n.pk IS NULL OR (n.name, n.amount, n.d, n.token, n.qty, n.addr, n.note, n.ts, n.flag)
                IS DISTINCT FROM (o.name, o.amount, o.d, o.token, o.qty, o.addr, o.note, o.ts, o.flag))
                    GROUP BY op ORDER BY op
        """,
        default
    );
    while (reader.Read())
        Console.WriteLine($"{reader.GetString(0)} {reader.GetInt64(1)}");
    return 0;
}

if (args is ["sql", var target, var script])
{
    HistoryBenchmarks.Execute(target, await File.ReadAllTextAsync(script));
    return 0;
}

if (args is not [var cli, "load" or "diff" or "large" or "tables" or "serve" or "history" or "checks" or "aws", ..])
{
    await Console.Error.WriteLineAsync(
        "Usage: Headrace.Bench PATH/headrace load|diff|large|tables|serve|history|checks|aws"
    );
    return 2;
}

var folder = Directory.CreateTempSubdirectory("headrace-bench-").FullName;
try
{
    var rows = args is [_, _, var said] ? long.Parse(said, System.Globalization.CultureInfo.InvariantCulture) : 0;
    var lines = args[1] switch
    {
        "load" => new Benchmarks(cli, folder).All(),
        "diff" => new DiffBenchmarks(cli, folder).All(),
        "serve" => await ServeBenchmarks.AllAsync(cli, folder),
        "checks" => new CheckBenchmarks(cli, folder, rows > 0 ? rows : 10_000_000).All(),
        "large" => new LargeBenchmarks(cli, folder, rows > 0 ? rows : 20_000_000).All(),
        _ => [],
    };
    foreach (var line in lines)
        Console.WriteLine(line);
    if (args[1] == "tables")
        await foreach (var line in TableBenchmarks.AllAsync(cli, folder))
            Console.WriteLine(line);
    if (args[1] == "aws")
        await foreach (var line in new AwsBenchmarks(cli, folder, rows > 0 ? (int)rows : 1_000_000).AllAsync())
            Console.WriteLine(line);
    if (args[1] == "history")
        await foreach (var line in new HistoryBenchmarks(cli, folder, rows > 0 ? rows : 10_000_000).AllAsync())
            Console.WriteLine(line);

    return 0;
}
finally
{
    Directory.Delete(folder, recursive: true);
}
