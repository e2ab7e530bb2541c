using Headrace.DuckDb;
using Xunit;

namespace Headrace.Tests.DuckDb;

public sealed class AppenderTests : IDisposable
{
    private readonly Memory memory = new();

    public void Dispose() => memory.Dispose();

    [Fact]
    public void Appended_values_come_back()
    {
        object?[] values =
        [
            true, (short)-2, 3, 4L, 1.5f, 0.1, 12.345m, "a text of more than twelve bytes", new byte[] { 0, 255 }, new DateOnly(2024, 2, 29), new TimeOnly(1, 2, 3),
            new DateTime(2024, 2, 29, 1, 2, 3), new DateTimeOffset(2024, 2, 29, 1, 2, 3, TimeSpan.Zero), new Guid("00112233-4455-6677-8899-aabbccddeeff"), "{}", new List<string?> { "a", null },
        ];
        memory.Execute("""
            CREATE TABLE t (b BOOLEAN, s SMALLINT, i INTEGER, l BIGINT, f FLOAT, d DOUBLE, n DECIMAL(18,3), v VARCHAR, y BLOB, date DATE, time TIME,
                ts TIMESTAMP, tz TIMESTAMPTZ, u UUID, j JSON, w VARCHAR[])
            """);
        using (var appender = memory.Connection.Append("main", "t"))
        {
            Assert.Equal(values.Length, appender.ColumnCount);
            foreach (var value in values)
                appender.Append(value);
            appender.EndRow();
            for (var i = 0; i < values.Length; i++)
                appender.Append((object?)null);
            appender.EndRow();
            appender.Close();
        }

        using var reader = memory.Query("FROM t");
        Assert.True(reader.Read());
        Assert.Equal(values, Enumerable.Range(0, values.Length).Select(reader.GetValue));
        Assert.True(reader.Read());
        Assert.All(Enumerable.Range(0, values.Length), i => Assert.True(reader.IsNull(i)));
    }

    [Fact]
    public void Without_Close_flushed_rows_are_not_committed_either()
    {
        memory.Execute("CREATE TABLE t (a BIGINT, b VARCHAR)");
        using (var appender = memory.Connection.Append("main", "t"))
        {
            appender.Append(1).Append("one").EndRow();
            appender.Flush();
            appender.Append(2).Append("two").EndRow();
            appender.Append(3);
        }

        Assert.Equal(0, memory.Scalar<long>("SELECT count(*) FROM t"));
        memory.Execute("BEGIN; INSERT INTO t VALUES (1, 'one'); COMMIT");
        Assert.Equal(1, memory.Scalar<long>("SELECT count(*) FROM t"));
    }

    [Fact]
    public void Many_rows_are_committed_by_Close_or_not_at_all()
    {
        memory.Execute("CREATE TABLE t (a BIGINT)");
        using (var appender = memory.Connection.Append("main", "t"))
            for (var i = 0; i < 500_000; i++)
                appender.Append(i).EndRow();
        Assert.Equal(0, memory.Scalar<long>("SELECT count(*) FROM t"));
        using (var appender = memory.Connection.Append("main", "t"))
        {
            for (var i = 0; i < 500_000; i++)
                appender.Append(i).EndRow();
            appender.Close();
        }

        Assert.Equal(500_000, memory.Scalar<long>("SELECT count(DISTINCT a) FROM t"));
    }

    [Fact]
    public void Appended_rows_belong_to_the_open_transaction()
    {
        memory.Execute("CREATE TABLE t (a BIGINT); BEGIN; INSERT INTO t VALUES (-1)");
        using (var appender = memory.Connection.Append("main", "t"))
        {
            for (var i = 0; i < 5000; i++)
                appender.Append(i).EndRow();
            appender.Close();
        }

        Assert.Equal(5001, memory.Scalar<long>("SELECT count(*) FROM t"));
        memory.Execute("ROLLBACK");
        Assert.Equal(0, memory.Scalar<long>("SELECT count(*) FROM t"));
    }

    [Fact]
    public void Errors_carry_their_kind()
    {
        memory.Execute("CREATE TABLE t (a INTEGER PRIMARY KEY)");
        Assert.Equal(DuckDbErrorKind.Catalog, Assert.Throws<DuckDbException>(() => memory.Connection.Append("main", "nowhere")).Kind);
        using var appender = memory.Connection.Append("main", "t");
        Assert.ThrowsAny<DuckDbException>(appender.EndRow);
        appender.Append(1).EndRow();
        appender.Append(1).EndRow();
        Assert.Equal(DuckDbErrorKind.Constraint, Assert.Throws<DuckDbException>(appender.Close).Kind);
        appender.Dispose();
        Assert.Equal(0, memory.Scalar<long>("SELECT count(*) FROM t"));
    }

    [Fact]
    public void A_commit_that_fails_is_told_and_leaves_the_connection_usable()
    {
        memory.Execute("CREATE TABLE t (a INTEGER PRIMARY KEY)");
        using (var appender = memory.Connection.Append("main", "t"))
        {
            appender.Append(1).EndRow();
            using (var another = memory.Another())
                another.Execute("INSERT INTO t VALUES (1)", Memory.Cancel);
            Assert.Throws<DuckDbException>(appender.Close);
        }

        Assert.Equal(1, memory.Scalar<long>("SELECT count(*) FROM t"));
    }
}
