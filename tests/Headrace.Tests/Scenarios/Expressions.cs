using Xunit;

namespace Headrace.Tests.Scenarios;

/// <summary>What an expression may not have is named before anything is loaded, by plan as by run.</summary>
public sealed class Expressions : IDisposable
{
    private static readonly (string Expression, string Said)[] Refused =
    [
        ("upper(nam)", "did you mean 'name'?"),
        ("name ||", "DuckDB does not take it"),
        ("name) FROM x --", "it is no SQL"),
        ("name, id", "more than one expression"),
        ("name FROM people", "more than one expression"),
        ("name; DROP TABLE x", "more than one expression"),
        ("(SELECT max(id) FROM people)", "a subquery"),
        ("(SELECT content FROM read_text('/etc/passwd'))", "a subquery"),
        ("name IN (SELECT 'x')", "a subquery"),
        ("count(*) OVER ()", "a window"),
        ("list_transform([name], x -> x)", "lambda"),
        ("max(name)", "max()"),
        ("read_text('/etc/passwd')", "read_text()"),
        ("random()", "random()"),
        ("now()", "now()"),
        ("getenv('HOME')", "getenv()"),
        ("headrace_hmac(name, 0)", "headrace_hmac()"),
        ("name + 1::DATE", "DuckDB does not take it"),
        ("c0", "no column 'c0'"),
        ("x0", "no column 'x0'"),
        ("line", "no column 'line'"),
        ("*", "star"),
        ("name AS x", "more than one expression"),
        ("?", "parameter"),
    ];

    private readonly World world = new();

    public void Dispose() => world.Dispose();

    [Fact]
    public async Task EachIsRefusedByName()
    {
        world.Put("people/1.csv", "id,name\n1,a\n");
        world.Flows(
            string.Join(
                '\n',
                Refused.Select(
                    (one, i) =>
                        $"f{i}: {{ source: {{ connection: lake, path: \"people/*\" }}, read: incremental, write: append, "
                        + (
                            i % 2 == 0
                                ? $"where: \"{one.Expression}\" }}"
                                : $"columns: {{ made: {{ type: text, expression: \"{one.Expression}\" }} }} }}"
                        )
                )
            )
        );
        foreach (var command in (string[])["plan", "run"])
        {
            var answer = await world.Run(command, "--json");
            for (var i = 0; i < Refused.Length; i++)
            {
                var run = answer.Run($"f{i}");
                Assert.True(run.Error == "HDR-222", $"{Refused[i].Expression}: {run.Json}");
                Assert.Equal("0i 0u 0d 0s 0q", run.Counts);
            }
        }

        var text = (await world.Run("plan")).Text;
        foreach (var (expression, said) in Refused)
            Assert.True(text.Contains(said, StringComparison.Ordinal), $"{expression}: {said}\n{text}");
        Assert.Empty(world.Query("SELECT 1 FROM duckdb_tables() WHERE schema_name = 'raw'"));
    }

    [Fact]
    public async Task NamesOfColumnsAreOnlyTheirs()
    {
        world.Put("odd/1.csv", "c0,x0,r0,k,line,\"a \"\"b\"\"\",e1\n1,2,3,4,5,6,7\n");
        world.Flows(
            """
            odd: { source: { connection: lake, path: "odd/*" }, read: incremental, write: append, masks: { r0: redact },
              columns: { c0: text, v0: { type: text, expression: "c0 || x0 || r0 || k || line || \"a \"\"b\"\"\" || e1" } },
              where: "r0 = '3' AND line = 5" }
            """
        );
        Assert.Equal("1i 0u 0d 0s 0q", (await world.Load()).Only.Counts);
        Assert.Equal(["12***4567"], world.Query("SELECT v0 FROM raw.odd"));
    }
}
