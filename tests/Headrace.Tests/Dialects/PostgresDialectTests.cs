using Headrace.Postgres;
using Headrace.Warehouses;
using Xunit;

namespace Headrace.Tests.Dialects;

/// <summary>What PostgreSQL is told, letter by letter.</summary>
public sealed class PostgresDialectTests : DialectTests
{
    protected override SqlDialect Dialect => PostgresDialect.Instance;

    [Fact]
    public void Names_and_literals_are_quoted()
    {
        Assert.Equal("\"say \"\"hi\"\"\"", Dialect.Identifier("say \"hi\""));
        Assert.Equal("\"a'b\\c\"", Dialect.Identifier("a'b\\c"));
        Assert.Equal("'it''s \"so\"'", Dialect.Literal("it's \"so\""));
        Assert.Equal(@" E'a\\b''c'", Dialect.Literal(@"a\b'c"));
        Assert.Equal("CAST('2026-03-01 10:30:00.125000+00' AS timestamptz)", Dialect.Literal(Time));
        Assert.Equal("\"raw\".\"it\"\"em\"", Dialect.Qualified(new TableName("raw", "it\"em")));
        Assert.Equal("headrace.files", Dialect.State.Name("files"));
    }

    [Fact]
    public void Tables_are_made_and_changed()
    {
        Assert.Equal("CREATE SCHEMA IF NOT EXISTS \"raw\"", Dialect.CreateSchema("raw"));
        Assert.Equal("SELECT count(*) FROM pg_namespace WHERE nspname = 'Raw'", Dialect.CountSchemas("Raw"));
        Assert.Equal(
            "CREATE TABLE \"raw\".\"items\" (\"id\" bigint NOT NULL, \"price\" numeric(12,2), \"note\" text, "
                + "\"raw\" bytea, \"at\" timestamptz, \"ratio\" real, \"more\" jsonb)",
            Dialect.CreateTable(Items, Columns, new LoadRules { Distribution = "all", Sort = ["id"] })
        );
        Assert.Equal("ALTER TABLE \"raw\".\"items\" ADD COLUMN \"note\" text", Dialect.AddColumn(Items, Note));
        Assert.Equal(
            "ALTER TABLE \"raw\".\"items\" ALTER COLUMN \"note\" TYPE jsonb USING \"note\"::jsonb",
            Dialect.ChangeType(Items, Note, ColumnType.Json)
        );
        Assert.Equal(
            "ALTER TABLE \"raw\".\"items\" ADD PRIMARY KEY (\"id\", \"note\")",
            Dialect.AddKey(Items, ["id", "note"])
        );
        Assert.Equal(Dialect.AddColumn(Items, Note), Dialect.Shown(Dialect.AddColumn(Items, Note)));
    }

    [Fact]
    public void A_value_of_a_json_text_is_asked_for_by_its_key() =>
        Assert.Equal("(o.\"row\"::json ->> 'a/b')", Dialect.JsonValue("o.\"row\"", "'a/b'"));

    [Fact]
    public void What_it_would_cut_or_keeps_for_itself_is_refused()
    {
        Assert.Equal(
            "HDR-312",
            Assert.Throws<HeadraceException>(() => Dialect.Check(Items, [new string('ü', 32)], [])).Code
        );
        Dialect.Check(Items, [new string('x', 63)], Columns);
        Assert.Throws<HeadraceException>(() => Dialect.Check(Items, [], [new Column("xmin", ColumnType.Text)]));
    }
}
