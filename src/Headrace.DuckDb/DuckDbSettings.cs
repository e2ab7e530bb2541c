namespace Headrace.DuckDb;

/// <summary>What a DuckDB database may use of this machine.</summary>
public sealed record DuckDbSettings
{
    /// <summary>Bytes it may hold in memory; null for DuckDB's own bound.</summary>
    public long? Memory { get; init; }

    /// <summary>Threads of one database; null for one for each processor.</summary>
    public int? Threads { get; init; }

    /// <summary>Where it puts what does not fit in the memory; null for DuckDB's own place.</summary>
    public string? TempDirectory { get; init; }

    /// <summary>A file that is made, and what is in memory, is in the smallest blocks.</summary>
    public bool SmallBlocks { get; init; }

    // What is freed below the limit goes back to the machine at once where memory is short: DuckDB would keep some 130
    // MB of it.
    private const long SmallMemory = 512L << 20;

    /// <summary>
    /// What DuckDB is to know before it opens anything: told later, it would have started threads only to end them, and
    /// would look for memory to give back. Blocks are of 16 KiB when they are small: a checkpoint writes whole ones.
    /// </summary>
    public IReadOnlyDictionary<string, string> Early
    {
        get
        {
            var early = new Dictionary<string, string>();
            if (SmallBlocks)
                early["default_block_size"] = "16384";
            if (Threads is { } threads)
                early["threads"] = $"{threads}";
            if (Memory is { } memory)
                early["memory_limit"] = $"{memory}B";
            if (Memory < SmallMemory)
                early["allocator_flush_threshold"] = early["allocator_bulk_deallocation_flush_threshold"] = "4MB";
            return early;
        }
    }

    /// <summary>Absolute folders whose files SQL may read and write; nothing else is in its reach.</summary>
    public IReadOnlyList<string> AllowedDirectories { get; init; } = [];

    /// <summary>
    /// Shuts the database of <paramref name="connection"/>, opened with <see cref="Early"/>, in for all its
    /// connections: SQL reaches only the allowed folders, the temp directory and the database files that are attached
    /// by then (with their logs), no extension is fetched or loaded, and no setting can be changed any more.
    /// </summary>
    /// <remarks>
    /// ATTACH goes on to work for database files inside an allowed folder, for writing and READ_ONLY, for files that
    /// exist and new ones, and the log (<c>.wal</c>) beside them is written and read; outside of one it is refused.
    /// DuckDB follows symbolic links before it compares: a link inside an allowed folder that leads out of it is
    /// refused.
    /// </remarks>
    public void Harden(DuckDbConnection connection, CancellationToken cancel)
    {
        ArgumentNullException.ThrowIfNull(connection);
        if (TempDirectory is not null)
            Set("temp_directory", Sql.Literal(TempDirectory));

        // A group of rows is compressed and written as soon as it is full, and not five of them at once at the end: it
        // takes half the memory, and goes on beside the reading.
        Set("write_buffer_row_group_count", "1");

        // Staged files have the same names in the next batch; the cache takes one for the other within a second.
        Set("enable_external_file_cache", "false");

        // A time without a zone must not be read by the clock of whatever machine the load runs on.
        connection.Execute("SET GLOBAL TimeZone = 'UTC'", cancel);
        Set("allowed_directories", $"[{string.Join(", ", AllowedDirectories.Select(Sql.Literal))}]");
        // What each connection sets for itself to count its progress, and harms nobody.
        Set("allowed_configs", "['enable_progress_bar', 'enable_progress_bar_print']");
        Set("autoinstall_known_extensions", "false");
        Set("autoload_known_extensions", "false");
        Set("allow_community_extensions", "false");
        // Neither the folders nor the temp directory can be set after this.
        Set("enable_external_access", "false");
        Set("lock_configuration", "true");
        JsonText.Register(connection);
        HmacText.Register(connection);

        void Set(string name, string value) => connection.Execute($"SET {name} = {value}", cancel);
    }
}
