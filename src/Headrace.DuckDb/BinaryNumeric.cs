using System.Buffers.Binary;
using System.Numerics;

namespace Headrace.DuckDb;

/// <summary>
/// PostgreSQL's binary numeric: how many digits to the base of 10,000, the weight of the first one, the sign, the
/// digits shown behind the point, then the digits.
/// </summary>
/// <remarks>numeric_send in PostgreSQL's src/backend/utils/adt/numeric.c.</remarks>
internal static class BinaryNumeric
{
    private const int Head = 8;
    private const int Positive = 0x0000;
    private const int Negative = 0x4000;
    private const int DigitsOfOne = 4;

    /// <summary>
    /// The number times ten to the power of <paramref name="scale"/>; false for NaN, infinity, and for what has more
    /// digits behind the point.
    /// </summary>
    /// <typeparam name="T">Wide enough for every number of the column's type.</typeparam>
    public static bool TryRead<T>(ReadOnlySpan<byte> bytes, int scale, out T unscaled)
        where T : IBinaryInteger<T>
    {
        unscaled = T.Zero;
        int count = BinaryPrimitives.ReadInt16BigEndian(bytes),
            weight = BinaryPrimitives.ReadInt16BigEndian(bytes[2..]),
            sign = BinaryPrimitives.ReadUInt16BigEndian(bytes[4..]);
        if (sign is not (Positive or Negative) || bytes.Length != Head + count * sizeof(short))
            return false;
        var behind = 0; // what the last digit taken still has to be multiplied by, as a power of ten
        for (var i = 0; i < count; i++)
        {
            int digit = BinaryPrimitives.ReadInt16BigEndian(bytes[(Head + i * sizeof(short))..]);
            behind = (weight - i) * DigitsOfOne + scale;
            if (behind >= 0)
            {
                unscaled = unscaled * T.CreateTruncating(10_000) + T.CreateTruncating(digit);
                continue;
            }

            // Only the first of its figures are before the end of the scale.
            var kept = Math.Max(0, DigitsOfOne + behind);
            var (quotient, rest) = Math.DivRem(digit, Power(DigitsOfOne - kept));
            if (rest != 0)
                return false;
            unscaled = unscaled * T.CreateTruncating(Power(kept)) + T.CreateTruncating(quotient);
            behind = 0;
        }

        for (; behind >= DigitsOfOne; behind -= DigitsOfOne)
            unscaled *= T.CreateTruncating(10_000);
        unscaled *= T.CreateTruncating(Power(Math.Max(0, behind)));
        if (sign == Negative)
            unscaled = -unscaled;
        return true;
    }

    private static int Power(int of) =>
        of switch
        {
            0 => 1,
            1 => 10,
            2 => 100,
            3 => 1000,
            _ => 10_000,
        };
}
