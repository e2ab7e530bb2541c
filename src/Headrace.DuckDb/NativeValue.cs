namespace Headrace.DuckDb;

/// <summary>A .NET value as a duckdb_value.</summary>
internal unsafe ref struct NativeValue
{
    // Types of the C API for the children of a list.
    private const int BigInt = 5,
        Varchar = 17;

    private const long Tick = TimeSpan.TicksPerMicrosecond;

    public nint Handle;

    public static NativeValue Of(object? value) =>
        new()
        {
            // The C API follows the pointer it is given without a look: none may leave here that is null.
            Handle = Create(value) is var created and not 0
                ? created
                : throw new ArgumentException($"DuckDB does not take the {value?.GetType()}."),
        };

    public void Dispose()
    {
        if (Handle != 0)
            Native.DestroyValue(ref Handle);
    }

    private static nint Create(object? value) =>
        value switch
        {
            null => Native.CreateNull(),
            string text => OfText(text),
            long number => Native.CreateInt64(number),
            int number => Native.CreateInt32(number),
            short number => Native.CreateInt16(number),
            sbyte number => Native.CreateInt8(number),
            byte number => Native.CreateUInt8(number),
            ushort number => Native.CreateUInt16(number),
            uint number => Native.CreateUInt32(number),
            ulong number => Native.CreateUInt64(number),
            Int128 number => Native.CreateHuge(Native.Huge.Of(number)),
            UInt128 number => Native.CreateUHuge(Native.Huge.Of(number)),
            bool flag => Native.CreateBool(flag ? (byte)1 : (byte)0),
            double number => Native.CreateDouble(number),
            float number => Native.CreateFloat(number),
            decimal number => Native.CreateDecimal(OfDecimal(number)),
            byte[] bytes => OfBytes(bytes),
            DateOnly date => Native.CreateDate(date.DayNumber - DateOnly.FromDateTime(DateTime.UnixEpoch).DayNumber),
            TimeOnly time => Native.CreateTime(time.Ticks / Tick),
            DateTime { Kind: DateTimeKind.Local } => throw new ArgumentException(
                "A local DateTime depends on this machine: pass a DateTimeOffset."
            ),
            DateTime time => Native.CreateTimestamp(Micros(time.Ticks)),
            DateTimeOffset time => Native.CreateTimestampTz(Micros(time.UtcTicks)),
            Guid guid => Native.CreateUuid(Native.Huge.Of(OfGuid(guid))),
            IEnumerable<string?> texts => OfList(texts.Cast<object?>(), Varchar),
            IEnumerable<long> numbers => OfList(numbers.Cast<object?>(), BigInt),
            _ => throw new ArgumentException($"A parameter cannot be of type {value.GetType()}."),
        };

    // Rounds towards the past on both sides of 1970, as cutting digits off the text does.
    private static long Micros(long ticks) => (long)Math.Floor((ticks - DateTime.UnixEpoch.Ticks) / (decimal)Tick);

    /// <summary>The 16 bytes in the order of the text.</summary>
    private static UInt128 OfGuid(Guid guid)
    {
        Span<byte> bytes = stackalloc byte[16];
        guid.TryWriteBytes(bytes, bigEndian: true, out _);
        return System.Buffers.Binary.BinaryPrimitives.ReadUInt128BigEndian(bytes);
    }

    private static Native.WideDecimal OfDecimal(decimal number)
    {
        Span<int> bits = stackalloc int[4];
        decimal.GetBits(number, bits);
        var digits = new UInt128(0, ((ulong)(uint)bits[1] << 32) | (uint)bits[0]) | ((UInt128)(uint)bits[2] << 64);
        var width = 1;
        for (var rest = digits; rest >= 10; rest /= 10)
            width++;
        return new Native.WideDecimal
        {
            Width = (byte)Math.Max(width, number.Scale),
            Scale = number.Scale,
            Value = Native.Huge.Of(number < 0 ? -(Int128)digits : (Int128)digits),
        };
    }

    private static nint OfText(string text)
    {
        var bytes = Text.Utf8.GetBytes(text);
        fixed (byte* data = bytes)
        {
            byte nothing = 0;
            return Native.CreateText(data is null ? &nothing : data, (ulong)bytes.Length);
        }
    }

    private static nint OfBytes(byte[] bytes)
    {
        fixed (byte* data = bytes)
        {
            byte nothing = 0;
            return Native.CreateBlob(data is null ? &nothing : data, (ulong)bytes.Length);
        }
    }

    private static nint OfList(IEnumerable<object?> items, int childType)
    {
        var values = new List<nint>();
        var type = Native.CreateType(childType);
        try
        {
            foreach (var item in items)
                values.Add(Create(item));
            // An empty array would be a null pointer, which the C API refuses by giving none back.
            nint[] array = [.. values, 0];
            fixed (nint* first = array)
                return Native.CreateList(type, first, (ulong)values.Count);
        }
        finally
        {
            Native.DestroyType(ref type);
            foreach (var value in values)
            {
                var copy = value;
                Native.DestroyValue(ref copy);
            }
        }
    }
}
