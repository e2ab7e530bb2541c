namespace Headrace;

/// <summary>Identifiers of runs and loads: a letter and 26 characters that sort by time (a version 7 UUID).</summary>
public static class Id
{
    private const string Alphabet = "0123456789abcdefghjkmnpqrstvwxyz"; // Crockford's base 32, in ASCII order
    private static readonly System.Buffers.SearchValues<char> Characters = System.Buffers.SearchValues.Create(Alphabet);

    /// <summary>For example <c>r_01jd3k…</c>.</summary>
    public static string New(string prefix, TimeProvider clock)
    {
        var bytes = Guid.CreateVersion7(clock.GetUtcNow()).ToByteArray(bigEndian: true);
        var value = new UInt128(
            System.Buffers.Binary.BinaryPrimitives.ReadUInt64BigEndian(bytes),
            System.Buffers.Binary.BinaryPrimitives.ReadUInt64BigEndian(bytes.AsSpan(8))
        );
        Span<char> text = stackalloc char[26];
        for (var i = text.Length - 1; i >= 0; i--, value >>= 5)
            text[i] = Alphabet[(int)(value & 31)];
        return $"{prefix}_{text}";
    }

    /// <summary>The UUID of what <see cref="New"/> made.</summary>
    public static Guid ToGuid(string id)
    {
        UInt128 value = 0;
        foreach (var letter in id[(id.IndexOf('_', StringComparison.Ordinal) + 1)..])
            value = (value << 5) | (uint)Alphabet.IndexOf(letter, StringComparison.Ordinal);
        Span<byte> bytes = stackalloc byte[16];
        System.Buffers.Binary.BinaryPrimitives.WriteUInt128BigEndian(bytes, value);
        return new Guid(bytes, bigEndian: true);
    }

    /// <summary>True for what <see cref="New"/> makes with this prefix.</summary>
    public static bool Is(string prefix, string text) =>
        text.Length == prefix.Length + 27
        && text.StartsWith($"{prefix}_", StringComparison.Ordinal)
        && text.AsSpan(prefix.Length + 1).IndexOfAnyExcept(Characters) < 0;
}
