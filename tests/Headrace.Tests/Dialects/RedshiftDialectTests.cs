using Headrace.DuckDb;
using Headrace.Postgres;
using Headrace.Redshift;
using Headrace.Warehouses;
using Xunit;

namespace Headrace.Tests.Dialects;

/// <summary>What Redshift is told, letter by letter.</summary>
public sealed class RedshiftDialectTests : DialectTests
{
    protected override SqlDialect Dialect => RedshiftDialect.Instance;

    [Fact]
    public void Names_and_literals_are_quoted()
    {
        Assert.Equal("\"say \"\"hi\"\"\"", Dialect.Identifier("say \"hi\""));
        Assert.Equal("\"a'b\\c\"", Dialect.Identifier("a'b\\c"));
        Assert.Equal("'it''s \"so\"'", Dialect.Literal("it's \"so\""));
        Assert.Equal(@"'a\\b''c'", Dialect.Literal(@"a\b'c"));
        Assert.Equal("CAST('2026-03-01 10:30:00.125000+00' AS timestamptz)", Dialect.Literal(Time));
        Assert.Equal("\"raw\".\"it\"\"em\"", Dialect.Qualified(new TableName("raw", "it\"em")));
        Assert.Equal("headrace.files", Dialect.State.Name("files"));
    }

    [Fact]
    public void Tables_are_made_and_changed()
    {
        Assert.Equal("CREATE SCHEMA IF NOT EXISTS \"raw\"", Dialect.CreateSchema("raw"));
        Assert.Equal("SELECT count(*) FROM pg_namespace WHERE nspname = 'raw'", Dialect.CountSchemas("Raw"));
        Assert.Equal(
            "CREATE TABLE \"raw\".\"items\" (\"id\" bigint NOT NULL, \"price\" decimal(12,2), \"note\" varchar(65535), "
                + "\"raw\" varbyte(1024000), \"at\" timestamptz, \"ratio\" real, \"more\" varchar(65534))",
            Dialect.CreateTable(Items, Columns, new LoadRules())
        );
        Assert.EndsWith(
            " DISTSTYLE KEY DISTKEY (\"id\") COMPOUND SORTKEY (\"at\", \"id\")",
            Dialect.CreateTable(Items, Columns, new LoadRules { Distribution = "ID", Sort = ["at", "id"] }),
            StringComparison.Ordinal
        );
        Assert.EndsWith(
            ") DISTSTYLE ALL",
            Dialect.CreateTable(Items, Columns, new LoadRules { Distribution = "all" }),
            StringComparison.Ordinal
        );
        Assert.Throws<HeadraceException>(() => Dialect.CreateTable(Items, Columns, new LoadRules { Sort = ["none"] }));
        Assert.Equal(
            "ALTER TABLE \"raw\".\"items\" ADD COLUMN \"note\" varchar(65535)",
            Dialect.AddColumn(Items, Note)
        );
        Assert.Equal(
            "ALTER TABLE \"raw\".\"items\" ALTER COLUMN \"note\" TYPE varchar(65535)",
            Dialect.ChangeType(Items, Note, ColumnType.Text)
        );
        Assert.Null(Dialect.AddKey(Items, ["id"]));
    }

    [Fact]
    public void A_value_of_a_json_text_is_asked_for_by_its_key() =>
        Assert.Equal("json_extract_path_text(o.\"row\", 'a/b')", Dialect.JsonValue("o.\"row\"", "'a/b'"));

    [Fact]
    public void What_it_does_not_do_in_a_transaction_is_refused()
    {
        Assert.Null(Dialect.Refusal("here", Items, null, Note));
        Assert.NotNull(Dialect.Refusal("here", Items, null, Note with { Nullable = false }));
        Assert.NotNull(Dialect.Refusal("here", Items, Note, Note with { Type = ColumnType.Json }));
        Assert.NotNull(Dialect.Refusal("here", Items, Note with { Length = 20 }, Note));
        Assert.NotNull(Dialect.Refusal("here", Items, Note, Note with { Nullable = false }));
    }

    [Fact]
    public void Only_redshift_shortens_what_a_person_reads()
    {
        Assert.Equal(16383, RedshiftDialect.Instance.LongestNote);
        Assert.Null(PostgresDialect.Instance.LongestNote);
        Assert.Null(DuckDbDialect.Instance.LongestNote);
    }
}
