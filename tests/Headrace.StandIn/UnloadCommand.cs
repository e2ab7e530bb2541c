namespace Headrace.StandIn;

/// <summary>UNLOAD ('query') TO a prefix: its options, those that are played.</summary>
public sealed record UnloadCommand(string Query, string To) : Command
{
    public bool Csv { get; private set; }

    public char Delimiter { get; private set; } = '|';

    public bool Gzip { get; private set; }

    public bool Manifest { get; private set; }

    public bool Verbose { get; private set; }

    public bool Header { get; private set; }

    public string Null { get; private set; } = "";

    public bool AllowOverwrite { get; private set; }

    public bool CleanPath { get; private set; }

    public bool Parallel { get; private set; } = true;

    /// <summary>In bytes, before compression.</summary>
    public long MaxFileSize { get; private set; } = 6_657_199_309;

    public string? IamRole { get; private set; }

    public static UnloadCommand Read(TokenReader tokens)
    {
        tokens.At = 1;
        tokens.Expect("(");
        var query = Checked(tokens.Text());
        tokens.Expect(")");
        tokens.Expect("to");
        var command = new UnloadCommand(query, tokens.Text());
        command.Options(tokens);
        return command;
    }

    private static string Checked(string query)
    {
        if (Tokenizer.Statements(query) is not [var list] || !(list[0].Is("select") || list[0].Is("with")))
            throw new Refusal("42601", "UNLOAD takes one SELECT");
        var depth = 0;
        foreach (var token in list)
        {
            depth +=
                token.Is("(") ? 1
                : token.Is(")") ? -1
                : 0;
            if (depth == 0 && token.Is("limit"))
                throw new Refusal("0A000", "Limit clause is not supported in the outer SELECT of UNLOAD");
        }

        return StatementReader.Read(list).Sql;
    }

    private void Options(TokenReader tokens)
    {
        while (!tokens.End)
        {
            var option = tokens.Name().Value;
            if (option == "format")
            {
                tokens.Take("as");
                option = tokens.Name().Value;
            }

            switch (option)
            {
                case "csv":
                    (Csv, Delimiter) = (true, Delimiter == '|' ? ',' : Delimiter);
                    break;
                case "parquet" or "json":
                    throw Refusal.NotPlayed($"UNLOAD as {option.ToUpperInvariant()}");
                case "delimiter":
                    tokens.Take("as");
                    Delimiter = tokens.Text() is { Length: 1 } one
                        ? one[0]
                        : throw new Refusal("22023", "DELIMITER is one character");
                    break;
                case "gzip":
                    Gzip = true;
                    break;
                case "manifest":
                    Manifest = true;
                    Verbose = tokens.Take("verbose");
                    break;
                case "header":
                    Header = true;
                    break;
                case "null":
                    tokens.Take("as");
                    Null = tokens.Text();
                    break;
                case "allowoverwrite":
                    AllowOverwrite = true;
                    break;
                case "cleanpath":
                    CleanPath = true;
                    break;
                case "parallel":
                    Parallel =
                        !tokens.Take("off")
                        && !tokens.Take("false")
                        && (tokens.Take("on") || tokens.Take("true") || true);
                    break;
                case "maxfilesize":
                    tokens.Take("as");
                    Size(tokens);
                    break;
                case "iam_role":
                    IamRole = tokens.Take("default") ? "default" : tokens.Text();
                    break;
                case "region" or "extension":
                    tokens.Take("as");
                    tokens.Text();
                    break;
                case "partition"
                or "encrypted"
                or "bzip2"
                or "zstd"
                or "escape"
                or "addquotes"
                or "fixedwidth"
                or "rowgroupsize"
                or "kms_key_id"
                or "credentials"
                or "access_key_id":
                    throw Refusal.NotPlayed($"UNLOAD with {option.ToUpperInvariant()}");
                default:
                    throw Refusal.Syntax(option);
            }
        }

        if (IamRole is null)
            throw new Refusal("XX000", "UNLOAD needs credentials: IAM_ROLE is missing");
        if (AllowOverwrite && CleanPath)
            throw new Refusal("42601", "ALLOWOVERWRITE and CLEANPATH exclude each other");
        if (!Csv)
            throw Refusal.NotPlayed("UNLOAD as text without CSV");
    }

    private void Size(TokenReader tokens)
    {
        var number = double.Parse(tokens.Next().Value, System.Globalization.CultureInfo.InvariantCulture);
        var size =
            number
            * (
                tokens.Take("gb") ? 1L << 30
                : tokens.Take("mb") || true ? 1L << 20
                : 0
            );
        if (size is < 5 * (1 << 20) or > 6_657_199_309)
            throw new Refusal("22023", "MAXFILESIZE must be between 5 MB and 6.2 GB");
        MaxFileSize = (long)size;
    }
}
