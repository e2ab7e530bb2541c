using Headrace.DuckDb;
using Headrace.Warehouses;
using Xunit;

namespace Headrace.Tests.Dialects;

/// <summary>What a DuckDB warehouse is told, letter by letter.</summary>
public sealed class DuckDbDialectTests : DialectTests
{
    protected override SqlDialect Dialect => DuckDbDialect.Instance;

    [Fact]
    public void Names_and_literals_are_quoted()
    {
        Assert.Equal("\"say \"\"hi\"\"\"", Dialect.Identifier("say \"hi\""));
        Assert.Equal("\"a'b\\c\"", Dialect.Identifier("a'b\\c"));
        Assert.Equal("'it''s \"so\"'", Dialect.Literal("it's \"so\""));
        Assert.Equal(@"'a\b'", Dialect.Literal(@"a\b"));
        Assert.Equal("CAST('2026-03-01 10:30:00.125000+00' AS timestamptz)", Dialect.Literal(Time));
        Assert.Equal("warehouse.\"raw\".\"it\"\"em\"", Dialect.Qualified(new TableName("raw", "it\"em")));
        Assert.Equal("warehouse.headrace.files", Dialect.State.Name("files"));
    }

    [Fact]
    public void Tables_are_made_and_changed()
    {
        Assert.Equal("CREATE SCHEMA IF NOT EXISTS warehouse.\"raw\"", Dialect.CreateSchema("raw"));
        Assert.Null(Dialect.CountSchemas("raw"));
        Assert.Equal(
            "CREATE TABLE warehouse.\"raw\".\"items\" (\"id\" BIGINT NOT NULL, \"price\" DECIMAL(12,2), "
                + "\"note\" VARCHAR, \"raw\" BLOB, \"at\" TIMESTAMPTZ, \"ratio\" FLOAT, \"more\" JSON)",
            Dialect.CreateTable(Items, Columns, new LoadRules { Distribution = "all", Sort = ["id"] })
        );
        Assert.Equal(
            "ALTER TABLE warehouse.\"raw\".\"items\" ADD COLUMN \"note\" VARCHAR",
            Dialect.AddColumn(Items, Note)
        );
        Assert.Equal(
            "ALTER TABLE warehouse.\"raw\".\"items\" ALTER COLUMN \"note\" TYPE JSON",
            Dialect.ChangeType(Items, Note, ColumnType.Json)
        );
        Assert.Null(Dialect.AddKey(Items, ["id"]));
        Assert.Equal(
            "ALTER TABLE \"raw\".\"items\" ADD COLUMN \"note\" VARCHAR",
            Dialect.Shown(Dialect.AddColumn(Items, Note))
        );
    }

    [Fact]
    public void A_value_of_a_json_text_is_asked_for_by_its_pointer() =>
        Assert.Equal(
            "json_extract_string(o.\"row\", '/' || replace(replace('a/b', '~', '~0'), '/', '~1'))",
            Dialect.JsonValue("o.\"row\"", "'a/b'")
        );
}
