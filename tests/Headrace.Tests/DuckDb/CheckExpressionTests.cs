using Headrace.Checks;
using Headrace.DuckDb;
using Xunit;

namespace Headrace.Tests.DuckDb;

/// <summary>What a check may ask of a row, and what it may not.</summary>
public sealed class CheckExpressionTests : IDisposable
{
    private static readonly CheckedColumn[] Columns =
    [
        new("Id", ColumnType.BigInt, "v0"),
        new("name", ColumnType.Text, "v1"),
        new("since", new ColumnType(TypeKind.Timestamp), "v2"),
        new("more", ColumnType.Json, "v3"),
    ];

    private readonly DuckDbEngine engine = new(new DuckDbSettings());

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public void Dispose() => engine.Dispose();

    private string Read(string text)
    {
        using var db = engine.Connect(Cancel);
        return new CheckExpressions(db, Columns, column => column.Sql, Cancel).Read(
            new ExpressionCheck(text) { Name = "e" },
            text
        );
    }

    [Theory]
    [InlineData("id > 0 and NAME is not null", "((v0 > 0) AND (v1 IS NOT NULL))")]
    [InlineData("\"Id\" between 1 and 2 or not name like 'a%'", "((v0 BETWEEN 1 AND 2) OR (NOT (v1 ~~ 'a%')))")]
    [InlineData(
        "case when id > 1 then name = 'it''s' else true end",
        "CASE  WHEN ((v0 > 1)) THEN ((v1 = 'it''s')) ELSE CAST('t' AS BOOLEAN) END"
    )]
    [InlineData("name in ('a', 'b', 'c')", "COALESCE(list_contains(list_value('a', 'b', 'c'), v1))")]
    [InlineData("name not in ('a', 'b')", "(NOT list_contains(list_value('a', 'b'), v1))")]
    [InlineData("more ->> '$.a' = 'x'", "((v3 ->> '$.a') = 'x')")]
    [InlineData("len(list_filter([1, 2], x -> x > id)) = 1", null)]
    [InlineData("since >= now() - interval 1 day and since::date <= current_date", null)]
    [InlineData("regexp_matches(name, '^a') and length(trim(name)) > 1", null)]
    [InlineData("try_cast(name as integer) > 1 and coalesce(nullif(name, ''), 'x') <> 'y'", null)]
    [InlineData("extract(year from since) = 2026 and date_trunc('day', since) = since", null)]
    public void Values_and_functions_of_values_are_asked(string text, string? sql)
    {
        var read = Read(text);

        if (sql is not null)
            Assert.Equal(sql, read);
    }

    [Theory]
    [InlineData("(select count(*) from duckdb_settings()) > 0", "a subquery is not allowed")]
    [InlineData("exists (select 1)", "a subquery is not allowed")]
    [InlineData("id in (select 1)", "a subquery is not allowed")]
    [InlineData("id = any (select 1)", "a subquery is not allowed")]
    [InlineData("len(list_filter([1], x -> x in (select 1))) = 1", "a subquery is not allowed")]
    [InlineData("sum(id) > 1", "the function sum is not allowed")]
    [InlineData("lag(id) over (order by id) = 1", "a window is not allowed")]
    [InlineData("getvariable('headrace_0_0') is null", "the function getvariable is not allowed")]
    [InlineData("getenv('HOME') = ''", "the function getenv is not allowed")]
    [InlineData("current_setting('temp_directory') = ''", "the function current_setting is not allowed")]
    [InlineData("random() > 0.5", "the function random is not allowed")]
    [InlineData("write_log(name) is null", "the function write_log is not allowed")]
    [InlineData("nextval('s') > 1", "the function nextval is not allowed")]
    [InlineData("warehouse.raw.f(id)", "the function f is not allowed")]
    [InlineData("read_csv('/etc/passwd') is null", "the function read_csv is not allowed")]
    [InlineData("? = 1", "a parameter is not allowed")]
    [InlineData("id > 1, id < 2", "it is no condition")]
    [InlineData("name = 1 +", "syntax error")]
    [InlineData("since + name > 1", "No function matches")]
    [InlineData("id", "it is no condition: its type is BIGINT")]
    [InlineData("other > 1", "HDR-216")]
    [InlineData("f.id > 1", "HDR-216")]
    [InlineData("* is null", "is not allowed")]
    public void Nothing_else_is(string text, string why)
    {
        Assert.Contains(why, Assert.Throws<HeadraceException>(() => Read(text)).Message, StringComparison.Ordinal);
    }
}
