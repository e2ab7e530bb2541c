using FsCheck;
using FsCheck.Fluent;
using Headrace.DuckDb;
using Xunit;

namespace Headrace.Tests.DuckDb;

public sealed class SqlTests
{
    [Fact]
    public void Quotes_are_doubled_and_NUL_is_refused()
    {
        Assert.Equal("\"a\"\"b\"", Sql.Identifier("a\"b"));
        Assert.Equal("'a''b\\'", Sql.Literal("a'b\\"));
        Assert.Throws<ArgumentException>(() => Sql.Identifier("a\0"));
        Assert.Throws<ArgumentException>(() => Sql.Literal("\0"));
        Assert.Throws<ArgumentException>(() => Sql.Identifier(""));
        Assert.Throws<ArgumentException>(() => Sql.Literal("\uD800"));
        Assert.Throws<ArgumentException>(() => Sql.Identifier("a\uDC00b"));
        Assert.Equal("'🦆'", Sql.Literal("🦆"));
    }

    [Fact]
    public void No_name_and_no_text_gets_out_of_its_quotes()
    {
        using var memory = new Memory();
        memory.Execute("CREATE SCHEMA hostile; CREATE TABLE canary AS SELECT 42 AS a");
        string[] pieces =
        [
            "\"",
            "'",
            "\"\"",
            "''",
            "\\",
            ";",
            "--",
            "/*",
            "*/",
            "$$",
            "$1",
            "?",
            "DROP TABLE canary",
            " ",
            "\n",
            "\r",
            "\t",
            ".",
            "é",
            "🦆",
            "\u200B",
            "\uFEFF",
            "a",
            "E'",
            "U&\"",
            "%",
            "\u0001",
            "\u001b[2J",
            "main",
            "canary",
        ];
        var names = Gen.Elements(pieces).NonEmptyListOf().Select(parts => string.Concat(parts)).ToArbitrary();
        Prop.ForAll(
                names,
                name =>
                {
                    var table = $"hostile.{Sql.Identifier(name)}";
                    memory.Execute(
                        $"""
                        CREATE TABLE {table} ({Sql.Identifier(name)} VARCHAR); INSERT INTO {table}
                        VALUES ({Sql.Literal(name)})
                        """
                    );
                    var same =
                        memory.Scalar<string>($"SELECT {Sql.Identifier(name)} FROM {table}") == name
                        && memory.Scalar<string>("SELECT table_name FROM duckdb_tables() WHERE schema_name = 'hostile'")
                            == name
                        && memory.Scalar<long>("SELECT count(*) FROM duckdb_tables()") == 2;
                    memory.Execute($"DROP TABLE {table}");
                    return same && memory.Scalar<int>("SELECT a FROM canary") == 42;
                }
            )
            .QuickCheckThrowOnFailure();
    }
}
