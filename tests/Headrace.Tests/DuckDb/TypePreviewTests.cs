using Headrace.DuckDb;
using Xunit;

namespace Headrace.Tests.DuckDb;

public sealed class TypePreviewTests
{
    // What the pattern of a type takes, the glance lets pass: else a column would get a wider type than its values
    // need.
    [Theory]
    [InlineData(TypeKind.Boolean, "true", "FALSE", "False")]
    [InlineData(TypeKind.BigInt, "0", "-1", "9223372036854775807")]
    [InlineData(TypeKind.Decimal, "-0.5", "12345678901234567890.123456789012", "7")]
    [InlineData(TypeKind.Double, "1e9", "-1.5E-300", "0.25", "-7")]
    [InlineData(TypeKind.Date, "2026-11-21", "0001-01-01")]
    [InlineData(TypeKind.Time, "23:59", "00:00:00", "12:30:15.123456")]
    [InlineData(TypeKind.Timestamp, "2026-11-21", "2026-11-21 05:22", "2026-11-21T05:22:48.123456Z")]
    [InlineData(
        TypeKind.TimestampTz,
        "2026-11-21 05:22:48+02",
        "2026-11-21T05:22:48.5Z",
        "2026-11-21 05:22:48-03:30",
        "2026-11-21 05:22:48+05:30"
    )]
    public void AValueOfATypeMayBeOfThatType(TypeKind kind, params string[] values)
    {
        using var database = DuckDbDatabase.Open(DuckDbDatabase.Memory);
        using var db = database.Connect();
        var type = kind == TypeKind.Decimal ? new ColumnType(kind, 38, 12) : new ColumnType(kind);
        foreach (var value in values)
        {
            Assert.True(
                db.Scalar<bool>($"SELECT {DuckDbTypes.Fits(Sql.Literal(value), type, null)}", CancellationToken.None),
                value
            );
            Assert.True(TypePreview.MayBe(value, kind, null), value);
        }
    }

    [Theory]
    [InlineData(TypeKind.Boolean, "yes")]
    [InlineData(TypeKind.BigInt, "2026-11-21")]
    [InlineData(TypeKind.Double, "2026-11-21")]
    [InlineData(TypeKind.Date, "2026-11-21 05:22")]
    [InlineData(TypeKind.Timestamp, "customer 7")]
    [InlineData(TypeKind.Time, "1530")]
    public void WhatAValueIsPlainlyNotIsNotAsked(TypeKind kind, string value) =>
        Assert.False(TypePreview.MayBe(value, kind, null));

    [Fact]
    public void WithAFormatOfItsOwnADateMayLookLikeAnything() =>
        Assert.True(TypePreview.MayBe("21. November 2026", TypeKind.Date, new CsvDialect { Date = "%d. %B %Y" }));
}
