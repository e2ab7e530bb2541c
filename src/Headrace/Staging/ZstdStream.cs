using System.Runtime.InteropServices;

namespace Headrace.Staging;

/// <summary>
/// Reads zstd, one frame or several. Hand-written over libzstd since .NET 10 has no zstd and no package for it restores
/// here.
/// </summary>
internal sealed partial class ZstdStream : ForwardStream
{
    private readonly StoredBytes stored;
    private readonly byte[] input = new byte[128 << 10];
    private nint decoder;
    private int start;
    private int end;
    private bool ended;
    private nuint hint = 1; // 0 between frames, else how much the decoder would like to see

    public ZstdStream(StoredBytes stored)
    {
        this.stored = stored;
        try
        {
            decoder = Zstd.CreateDStream();
        }
        catch (Exception e) when (e is DllNotFoundException or EntryPointNotFoundException or BadImageFormatException)
        {
            throw Error.ZstdMissing(stored.Source, e);
        }

        if (decoder == 0)
            throw new InsufficientMemoryException("There is no memory for a zstd decoder.");
    }

    public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        if (buffer.Length == 0)
            return 0;
        while (true)
        {
            // Even without new input the decoder may hold output of a frame that is not at its end.
            var written = start < end || hint != 0 ? Decode(buffer.Span) : 0;
            if (written > 0)
                return written;
            if (start < end)
                continue;
            if (!ended)
            {
                (start, end) = (0, await stored.ReadAsync(input, cancellationToken));
                ended = end == 0;
            }

            if (ended)
                return hint == 0 ? 0 : throw Error.Corrupt(stored.Source, "The zstd data end early", stored.Count);
        }
    }

    protected override void Dispose(bool disposing)
    {
        if (decoder != 0)
            Zstd.FreeDStream(decoder);
        decoder = 0;
        base.Dispose(disposing);
    }

    private unsafe int Decode(Span<byte> buffer)
    {
        fixed (byte* from = input)
        fixed (byte* to = buffer)
        {
            var source = new Zstd.Buffer
            {
                Data = from,
                Size = (nuint)end,
                Position = (nuint)start,
            };
            var target = new Zstd.Buffer { Data = to, Size = (nuint)buffer.Length };
            var result = Zstd.DecompressStream(decoder, ref target, ref source);
            if (Zstd.IsError(result) != 0)
                throw Error.Corrupt(
                    stored.Source,
                    "The zstd data are damaged before or",
                    stored.Count,
                    Marshal.PtrToStringUTF8(Zstd.GetErrorName(result))
                );
            start = (int)source.Position;
            hint = result;
            return (int)target.Position;
        }
    }

    private static partial class Zstd
    {
        private const string Library = "zstd";

        static Zstd() =>
            NativeLibrary.SetDllImportResolver(
                typeof(Zstd).Assembly,
                (name, assembly, path) =>
                    name != Library
                        ? 0
                        : NativeLibrary.Load(
                            OperatingSystem.IsWindows() ? "libzstd"
                                : OperatingSystem.IsMacOS() ? "libzstd.1.dylib"
                                : "libzstd.so.1",
                            assembly,
                            path
                        )
            );

        public unsafe struct Buffer
        {
            public byte* Data;
            public nuint Size;
            public nuint Position;
        }

        [LibraryImport(Library, EntryPoint = "ZSTD_createDStream")]
        public static partial nint CreateDStream();

        [LibraryImport(Library, EntryPoint = "ZSTD_freeDStream")]
        public static partial nuint FreeDStream(nint decoder);

        [LibraryImport(Library, EntryPoint = "ZSTD_decompressStream")]
        public static partial nuint DecompressStream(nint decoder, ref Buffer output, ref Buffer input);

        [LibraryImport(Library, EntryPoint = "ZSTD_isError")]
        public static partial uint IsError(nuint code);

        [LibraryImport(Library, EntryPoint = "ZSTD_getErrorName")]
        public static partial nint GetErrorName(nuint code);
    }
}
