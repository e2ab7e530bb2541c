using Headrace.Bench;
using Headrace.DuckDb;

// Measures whole processes, each beside its baseline in the same run, and prints a page for bench/results/.
//   Headrace.Bench FOLDER/Headrace.Cli.dll     all benchmarks
//   Headrace.Bench ctas CSV DATABASE           the baseline: DuckDB's own CREATE TABLE AS
if (args is ["ctas", var csv, var database])
{
    using var baseline = DuckDbDatabase.Open(database);
    using var connection = baseline.Connect();
    connection.Execute($"CREATE TABLE t AS SELECT * FROM read_csv({Sql.Literal(csv)}, columns = {Data.Columns}, header = true)", default);
    return 0;
}

if (args is not [var cli, ..])
{
    await Console.Error.WriteLineAsync("Usage: Headrace.Bench PATH/Headrace.Cli.dll");
    return 2;
}

var folder = Directory.CreateTempSubdirectory("headrace-bench-").FullName;
try
{
    foreach (var line in new Benchmarks(cli, folder).All())
        Console.WriteLine(line);

    return 0;
}
finally
{
    Directory.Delete(folder, recursive: true);
}
