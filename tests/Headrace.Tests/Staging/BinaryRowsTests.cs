using Headrace.Staging;
using Xunit;

namespace Headrace.Tests.Staging;

/// <summary>Rows as PostgreSQL writes them for its like, counted on their way.</summary>
public sealed class BinaryRowsTests
{
    private static readonly byte[] Head =
    [
        .. "PGCOPY\n"u8,
        0xff,
        (byte)'\r',
        (byte)'\n',
        0,
        0,
        0,
        0,
        0,
        0,
        0,
        0,
        2,
        9,
        9,
    ];
    private static readonly byte[] Row = [0, 2, 0, 0, 0, 3, 1, 2, 3, 0xff, 0xff, 0xff, 0xff];
    private static readonly byte[] Empty = [0, 2, 0, 0, 0, 0, 0, 0, 0, 0];
    private static readonly byte[] End = [0xff, 0xff];

    [Fact]
    public void RowsAreCountedHoweverTheBytesAreCut()
    {
        byte[] all = [.. Head, .. Row, .. Empty, .. Row, .. End];
        for (var size = 1; size <= all.Length; size++)
        {
            var rows = new BinaryRows(2);
            foreach (var piece in all.Chunk(size))
                rows.Pass(piece);
            Assert.Equal((3L, true), (rows.Rows, rows.IsWhole));
        }
    }

    [Fact]
    public async Task WhoeverLoadsThemMayRefuseThemEvenWhenAllAreThere()
    {
        byte[] all = [.. Head, .. Row, .. End];
        using var world = new World();
        var staged = await new Stager(Path.Combine(world.Folder, "spool"), new FileLimits()).StageBinaryAsync(
            new MemoryStream(all),
            new LakeFile("t", 0, DateTimeOffset.UnixEpoch, "", new Dictionary<string, string>()),
            [new StagedColumn("a"), new StagedColumn("b")],
            TestContext.Current.CancellationToken
        );
        Assert.Equal((1L, 1L), (staged.Records, await staged.Stream!.Whole));
        for (var times = 0; times < 2; times++)
        {
            using var copy = new MemoryStream();
            await using var rows = staged.Stream.Open();
            await rows.CopyToAsync(copy, TestContext.Current.CancellationToken);
            Assert.Equal(all, copy.ToArray());
        }

        staged.Stream.Refuse();
        Assert.True(staged.Stream.IsRefused);
    }

    [Fact]
    public void WhatEndsEarlyIsNotWhole()
    {
        byte[] all = [.. Head, .. Row, .. End];
        for (var length = 0; length < all.Length; length++)
        {
            var rows = new BinaryRows(2);
            rows.Pass(all.AsSpan(0, length));
            Assert.False(rows.IsWhole);
        }
    }

    [Fact]
    public void OtherNumbersOfFieldsAndBytesAfterTheEndAreRefused()
    {
        Assert.Throws<InvalidDataException>(() => new BinaryRows(3).Pass([.. Head, .. Row]));
        Assert.Throws<InvalidDataException>(() => new BinaryRows(2).Pass([.. Head, .. End, 0, 2]));
    }
}
