namespace Headrace.StandIn;

/// <summary>COPY … FROM an object store: its options, those that are played.</summary>
public sealed record CopyCommand(Relation Table, IReadOnlyList<string> Columns, string From) : Command
{
    private static readonly HashSet<string> Parquet =
    [
        "iam_role",
        "manifest",
        "statupdate",
        "fillrecord",
        "acceptinvchars",
        "explicit_ids",
        "serializetojson",
        "format",
    ];

    public bool Csv { get; private set; }

    public char Quote { get; private set; } = '"';

    public char Delimiter { get; private set; } = '|';

    public bool Gzip { get; private set; }

    public bool Manifest { get; private set; }

    public string Null { get; private set; } = @"\N";

    public bool EmptyAsNull { get; private set; }

    public bool TruncateColumns { get; private set; }

    public bool IgnoreBlankLines { get; private set; }

    public bool RoundDecimals { get; private set; }

    public bool NoLoad { get; private set; }

    /// <summary>TIMEFORMAT 'auto'; otherwise only the default form is a timestamp.</summary>
    public bool TimeAuto { get; private set; }

    public bool DateAuto { get; private set; }

    public long IgnoreHeader { get; private set; }

    public long MaxError { get; private set; }

    public string? IamRole { get; private set; }

    public string? Region { get; private set; }

    public static CopyCommand Read(TokenReader tokens, out Relation? target)
    {
        tokens.At = 1;
        if (tokens.Is("("))
            throw Refusal.Unsupported("COPY (query) TO STDOUT");
        var table = tokens.Relation();
        var columns = tokens.Is("(") ? tokens.Names() : [];
        if (tokens.Is("to"))
            throw Refusal.Unsupported("COPY TO");
        tokens.Expect("from");
        if (tokens.Is("stdin"))
            throw Refusal.Unsupported("COPY FROM STDIN");
        var command = new CopyCommand(table, columns, tokens.Text());
        target = table;
        command.Options(tokens);
        return command;
    }

    private void Options(TokenReader tokens)
    {
        var given = new HashSet<string>();
        var format = "text";
        var delimited = false;
        while (!tokens.End)
        {
            var option = tokens.Name().Value;
            if (option == "format")
            {
                tokens.Take("as");
                option = tokens.Name().Value;
            }

            if (!given.Add(option))
                throw new Refusal("42601", $"conflicting or redundant options: {option}");
            switch (option)
            {
                case "csv":
                    (format, Csv) = ("csv", true);
                    Delimiter = delimited ? Delimiter : ',';
                    break;
                case "quote":
                    Quote = Character(tokens);
                    break;
                case "delimiter":
                    (Delimiter, delimited) = (Character(tokens), true);
                    break;
                case "parquet" or "orc" or "json" or "avro" or "shapefile" or "fixedwidth":
                    format = option;
                    if (option == "json")
                        _ = tokens.Take("as") ? tokens.Text() : tokens.Text();
                    break;
                case "gzip":
                    Gzip = true;
                    break;
                case "bzip2" or "lzop" or "zstd":
                    throw Refusal.NotPlayed($"COPY with {option.ToUpperInvariant()}");
                case "manifest":
                    Manifest = true;
                    break;
                case "iam_role":
                    IamRole = tokens.Take("default") ? "default" : tokens.Text();
                    break;
                case "region":
                    tokens.Take("as");
                    Region = tokens.Text();
                    break;
                case "null":
                    tokens.Take("as");
                    Null = tokens.Text();
                    if (Null == "\n")
                        throw new Refusal("0A000", @"NULL AS cannot be '\n'");
                    break;
                case "emptyasnull":
                    EmptyAsNull = true;
                    break;
                case "truncatecolumns":
                    TruncateColumns = true;
                    break;
                case "ignoreblanklines":
                    IgnoreBlankLines = true;
                    break;
                case "roundec":
                    RoundDecimals = true;
                    break;
                case "noload":
                    NoLoad = true;
                    break;
                case "timeformat":
                    TimeAuto = Auto(tokens, "TIMEFORMAT");
                    break;
                case "dateformat":
                    DateAuto = Auto(tokens, "DATEFORMAT");
                    break;
                case "ignoreheader":
                    tokens.Take("as");
                    IgnoreHeader = tokens.Integer();
                    break;
                case "maxerror":
                    tokens.Take("as");
                    MaxError = tokens.Integer() is >= 0 and <= 100_000 and var most
                        ? most
                        : throw new Refusal("22023", "MAXERROR must be between 0 and 100000");
                    break;
                case "compupdate" or "statupdate":
                    _ =
                        tokens.Take("on")
                        || tokens.Take("off")
                        || tokens.Take("true")
                        || tokens.Take("false")
                        || (option == "compupdate" && tokens.Take("preset"));
                    break;
                case "encoding":
                    tokens.Take("as");
                    if (!tokens.Take("utf8"))
                        throw Refusal.NotPlayed("an ENCODING other than UTF8");
                    break;
                case "stdin":
                    throw Refusal.Unsupported("COPY FROM STDIN");
                default:
                    if (
                        option
                        is "credentials"
                            or "access_key_id"
                            or "acceptinvchars"
                            or "acceptanydate"
                            or "blanksasnull"
                            or "escape"
                            or "explicit_ids"
                            or "fillrecord"
                            or "ignoreallerrors"
                            or "removequotes"
                            or "trimblanks"
                            or "comprows"
                            or "encrypted"
                            or "ssh"
                            or "readratio"
                    )
                        throw Refusal.NotPlayed($"COPY with {option.ToUpperInvariant()}");
                    throw Refusal.Syntax(option);
            }
        }

        if (Null == "")
            EmptyAsNull = true;
        if (IamRole is null)
            throw new Refusal("XX000", "COPY needs credentials: IAM_ROLE is missing");
        if (format is "parquet" or "orc")
        {
            if (given.Contains("region"))
                throw new Refusal(
                    "0A000",
                    $"REGION argument is not supported for {format.ToUpperInvariant()} based COPY"
                );
            if (given.FirstOrDefault(option => option != format && !Parquet.Contains(option)) is { } bad)
                throw new Refusal(
                    "0A000",
                    $"{bad.ToUpperInvariant()} argument is not supported for {format.ToUpperInvariant()} based COPY"
                );
        }

        if (
            format == "json"
            && given.FirstOrDefault(option => option is "delimiter" or "null" or "ignoreblanklines" or "quote")
                is { } wrong
        )
            throw new Refusal("0A000", $"{wrong.ToUpperInvariant()} is not supported for JSON based COPY");
        Format = format;
    }

    /// <summary>csv is played; others are refused once their options are known to be right.</summary>
    public string Format { get; private set; } = "text";

    private static char Character(TokenReader tokens)
    {
        tokens.Take("as");
        return tokens.Text() is { Length: 1 } one
            ? one[0]
            : throw new Refusal("22023", "DELIMITER and QUOTE are one character");
    }

    private static bool Auto(TokenReader tokens, string option)
    {
        tokens.Take("as");
        return tokens.Text() == "auto" ? true : throw Refusal.NotPlayed($"a {option} other than 'auto'");
    }
}
