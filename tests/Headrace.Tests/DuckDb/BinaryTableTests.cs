using System.Buffers.Binary;
using System.Text;
using Headrace.DuckDb;
using Xunit;

namespace Headrace.Tests.DuckDb;

/// <summary>Rows as PostgreSQL's COPY writes them with FORMAT binary, into DuckDB by all its threads.</summary>
public sealed class BinaryTableTests : IDisposable
{
    private static readonly IReadOnlyList<BinaryColumn> Columns =
    [
        new("id", ColumnType.BigInt, 0),
        new("no\"te", ColumnType.Text, 2),
        new("none", ColumnType.Text, -1),
        new("ratio", new ColumnType(TypeKind.Double), 1),
    ];

    private readonly DuckDbDatabase database = DuckDbDatabase.Open(DuckDbDatabase.Memory);
    private readonly DuckDbConnection db;

    public BinaryTableTests()
    {
        db = database.Connect();
        BinaryTable.Register(db);
        db.Execute("CREATE TABLE t (id BIGINT, \"no\"\"te\" VARCHAR, none VARCHAR, ratio DOUBLE)", Cancel);
    }

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public void Dispose()
    {
        db.Dispose();
        database.Dispose();
    }

    private static byte[] Field(ReadOnlySpan<byte> value)
    {
        var field = new byte[sizeof(int) + value.Length];
        BinaryPrimitives.WriteInt32BigEndian(field, value.Length);
        value.CopyTo(field.AsSpan(sizeof(int)));
        return field;
    }

    private static byte[] Number(long value)
    {
        var bytes = new byte[sizeof(long)];
        BinaryPrimitives.WriteInt64BigEndian(bytes, value);
        return bytes;
    }

    // Texts that are within an entry of a vector and beyond it, empty ones, NULL.
    private static string? Note(int i) => i % 7 == 0 ? null : new string((char)('a' + i % 26), i % 40);

    private static MemoryStream Rows(int count, double ratio = 0.5, bool whole = true)
    {
        var rows = new MemoryStream();
        rows.Write([.. "PGCOPY\n"u8, 0xff, .. "\r\n\0"u8, 0, 0, 0, 0, 0, 0, 0, 0]);
        for (var i = 0; i < count; i++)
            rows.Write([
                0,
                3,
                .. Field(Number(i)),
                .. Field(Number(BitConverter.DoubleToInt64Bits(ratio))),
                .. Note(i) is { } note ? Field(Encoding.ASCII.GetBytes(note)) : [0xff, 0xff, 0xff, 0xff],
            ]);
        if (whole)
            rows.Write([0xff, 0xff]);
        rows.Position = 0;
        return rows;
    }

    private long Insert(Stream rows, CancellationToken cancel, bool isOrdered = false) =>
        BinaryTable.Insert(db, "t", Columns, 3, isOrdered, rows, cancel);

    [Fact]
    public void EachRowArrivesOnce()
    {
        const int Count = 300_000;
        Assert.Equal(Count, Insert(Rows(Count), Cancel));
        Assert.Equal(
            Count,
            db.Scalar<long>("SELECT count(DISTINCT id) FROM t WHERE none IS NULL AND ratio = 0.5", Cancel)
        );
        Assert.Equal(
            0,
            db.Scalar<long>(
                """
                SELECT count(*) FROM t WHERE "no""te" IS DISTINCT FROM CASE WHEN id % 7 <> 0
                THEN repeat(chr(97 + (id % 26)::INTEGER), (id % 40)::INTEGER) END
                """,
                Cancel
            )
        );
        Assert.Equal(0, Insert(Rows(0), Cancel));
    }

    [Fact]
    public void RowsAreNumberedAsTheyComeWhereThatDecides()
    {
        Insert(Rows(300_000), Cancel, isOrdered: true);
        Assert.Equal(0, db.Scalar<long>("SELECT count(*) FROM t WHERE rowid <> id", Cancel));
    }

    [Theory]
    [InlineData(32)]
    [InlineData(33)]
    [InlineData(64)]
    [InlineData(100)]
    [InlineData(1000)]
    public void BlocksHaveWholeRowsWhereverTheyAreCut(int size)
    {
        for (var count = 0; count < 60; count++)
        {
            using var all = new MemoryStream();
            var blocks = new BinaryBlocks(Rows(count), 3, () => new byte[size]);
            while (blocks.Next() is { } block)
                all.Write(block.Bytes.AsSpan(block.Start, block.End - block.Start));
            Assert.Equal(count, blocks.Rows);
            Assert.Equal(Rows(count).ToArray()[19..^2], all.ToArray());
        }
    }

    [Fact]
    public void RowsThatEndEarlyAreNotLoaded()
    {
        db.Execute("BEGIN", Cancel);
        Assert.Equal(
            "HDR-901",
            Assert.Throws<HeadraceException>(() => Insert(Rows(200_000, whole: false), Cancel)).Code
        );
        db.Execute("ROLLBACK", Cancel);
        Assert.Equal(0, db.Scalar<long>("SELECT count(*) FROM t", Cancel));
    }

    [Fact]
    public void AValueWithoutAPlaceEndsTheInsertion() =>
        Assert.Throws<UnfitValueException>(() => Insert(Rows(200_000, double.NaN), Cancel));

    [Fact]
    public void AStreamThatFailsSaysWhy() =>
        Assert.Equal(
            "the line was cut",
            Assert
                .Throws<IOException>(() =>
                    Insert(new Cut(Rows(200_000), () => throw new IOException("the line was cut")), Cancel)
                )
                .Message
        );

    [Fact]
    public void WhoeverGivesUpIsNotHeldUp()
    {
        using var stop = new CancellationTokenSource();
        Assert.ThrowsAny<OperationCanceledException>(() => Insert(new Cut(Rows(200_000), stop.Cancel), stop.Token));
        Assert.Equal(0, db.Scalar<long>("SELECT count(*) FROM t", Cancel));
    }

    [Fact]
    public void AnInsertionThatFailsEndsTheReading()
    {
        db.Execute("DROP TABLE t", Cancel);
        Assert.Throws<DuckDbException>(() => Insert(Rows(200_000), Cancel));
    }

    /// <summary>Does something once a megabyte was read.</summary>
    private sealed class Cut(MemoryStream rows, Action then) : Stream
    {
        public override bool CanRead => true;

        public override bool CanSeek => false;

        public override bool CanWrite => false;

        public override long Length => rows.Length;

        public override long Position
        {
            get => rows.Position;
            set => throw new NotSupportedException();
        }

        public override int Read(byte[] buffer, int offset, int count)
        {
            if (rows.Position > 1 << 20)
                then();
            return rows.Read(buffer, offset, Math.Min(count, 1 << 16));
        }

        public override void Flush() { }

        public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

        public override void SetLength(long value) => throw new NotSupportedException();

        public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();
    }
}
