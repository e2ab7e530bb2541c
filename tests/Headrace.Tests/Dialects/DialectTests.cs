using Headrace.Warehouses;
using Xunit;

namespace Headrace.Tests.Dialects;

/// <summary>What holds for each dialect.</summary>
public abstract class DialectTests
{
    protected static readonly TableName Items = new("raw", "items");

    protected static readonly Column Note = new("note", ColumnType.Text);

    protected static readonly IReadOnlyList<Column> Columns =
    [
        new("id", ColumnType.BigInt, Nullable: false),
        new("price", new ColumnType(TypeKind.Decimal, 12, 2)),
        Note,
        new("raw", new ColumnType(TypeKind.Bytes)),
        new("at", new ColumnType(TypeKind.TimestampTz)),
        new("ratio", new ColumnType(TypeKind.Real)),
        new("more", ColumnType.Json),
    ];

    protected static readonly DateTimeOffset Time = new(2026, 3, 1, 12, 30, 0, 125, TimeSpan.FromHours(2));

    protected abstract SqlDialect Dialect { get; }

    [Fact]
    public void A_nul_is_refused()
    {
        Assert.Throws<ArgumentException>(() => Dialect.Identifier("a\0b"));
        Assert.Throws<ArgumentException>(() => Dialect.Identifier(""));
        Assert.Throws<ArgumentException>(() => Dialect.Literal("a\0b"));
        Assert.Throws<ArgumentException>(() => Dialect.Sql($"SELECT {"a\0b"}"));
    }

    [Fact]
    public void Values_of_a_statement_become_literals_and_only_raw_text_goes_in_as_it_is()
    {
        var (text, none, number, nothing) = ("'; DROP TABLE x; --", (string?)null, (long?)-7, (long?)null);
        Assert.Equal(
            $"SELECT {Dialect.Literal(text)}, NULL, -7, NULL, true, false",
            Dialect.Sql($"SELECT {text}, {none}, {number}, {nothing}, {true}, {false}")
        );
        Assert.Equal("SELECT 'x' FROM a.b", Dialect.Sql($"SELECT {"x"} FROM {new Raw("a.b")}"));
        Assert.Equal(
            $"a < {Dialect.Literal(Time)} AND b = NULL",
            Dialect.Sql($"a < {Time} AND b = {(DateTimeOffset?)null}")
        );
    }

    [Fact]
    public void A_list_is_never_empty()
    {
        IReadOnlyList<string> texts = ["a", "it's"];
        IReadOnlyList<long> numbers = [1, -2];
        Assert.Equal("x IN ('a', 'it''s')", Dialect.Sql($"x IN ({texts})"));
        Assert.Equal("x IN (1, -2)", Dialect.Sql($"x IN ({numbers})"));
        Assert.Equal("x IN (NULL)", Dialect.Sql($"x IN ({Array.Empty<string>()})"));
        Assert.Equal("x IN (NULL)", Dialect.Sql($"x IN ({Array.Empty<long>()})"));
    }

    [Fact]
    public void Statements_that_are_the_same_everywhere_name_the_table_in_its_way()
    {
        var table = Dialect.Qualified(Items);
        Assert.Equal($"ALTER TABLE {table} ALTER COLUMN \"id\" SET NOT NULL", Dialect.SetNotNull(Items, "id"));
        Assert.Equal($"ALTER TABLE {table} ALTER COLUMN \"id\" DROP NOT NULL", Dialect.DropNotNull(Items, "id"));
        Assert.Equal($"SELECT count(*) FROM {table}", Dialect.Count(Items));
        Assert.Equal("\"a\", \"b c\"", Dialect.Names(["a", "b c"]));
    }
}
