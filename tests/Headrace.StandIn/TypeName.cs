namespace Headrace.StandIn;

/// <summary>Redshift's types: their limits, and what PostgreSQL is given in their place.</summary>
public static class TypeName
{
    public const int LongestVarchar = 65535;
    public const int LongestVarbyte = 16_777_216;

    /// <summary>Steps over the type of a column and returns PostgreSQL's.</summary>
    public static ColumnType Read(TokenReader tokens)
    {
        var type = ReadWithoutArray(tokens);
        return tokens.Is("[") || tokens.Is("array") ? throw Refusal.Unsupported("an array type") : type;
    }

    private static ColumnType ReadWithoutArray(TokenReader tokens)
    {
        var name = tokens.Name();
        switch (name.Value)
        {
            case "smallint" or "int2":
                return new("smallint");
            case "integer" or "int" or "int4":
                return new("integer");
            case "bigint" or "int8":
                return new("bigint");
            case "decimal" or "numeric":
                return new(Decimal(tokens));
            case "real" or "float4":
                return new("real");
            case "double":
                tokens.Expect("precision");
                return new("double precision");
            case "float8":
                return new("double precision");
            case "float":
                return new(Length(tokens) is <= 24 and > 0 ? "real" : "double precision");
            case "boolean" or "bool":
                return new("boolean");
            case "date":
                return new("date");
            case "timestamp":
                return new(Zoned(tokens) ? "timestamp with time zone" : "timestamp without time zone");
            case "timestamptz":
                return new("timestamp with time zone");
            case "time":
                return new(Zoned(tokens) ? "time with time zone" : "time without time zone");
            case "timetz":
                return new("time with time zone");
            case "interval":
                return new(Interval(tokens));
            case "bpchar":
                return new("character(256)", 256);
            case "text":
                return Length(tokens) is null ? new("character varying(256)", 256) : throw Refusal.Syntax("(");
            case "varchar" or "nvarchar":
                return Varchar(tokens);
            case "character" or "char" or "nchar" or "national":
                if (name.Value == "national")
                    _ = tokens.Take("character") || tokens.Take("char");
                return tokens.Take("varying") ? Varchar(tokens) : Char(tokens);
            case "super":
                return new("pg_catalog.super");
            case "varbyte" or "varbinary":
                return Varbyte(tokens);
            case "binary" when tokens.Take("varying"):
                return Varbyte(tokens);
            case "geometry" or "geography" or "hllsketch":
                throw Refusal.NotPlayed($"type {name.Value}");
            default:
                throw new Refusal("42704", $"type \"{name.Value}\" does not exist (Amazon Redshift has no such type)");
        }
    }

    private static string Decimal(TokenReader tokens)
    {
        var (precision, scale) = (18L, 0L);
        if (tokens.Take("("))
        {
            precision = tokens.Integer();
            if (tokens.Take(","))
                scale = tokens.Integer();
            tokens.Expect(")");
        }

        if (precision is < 1 or > 38)
            throw new Refusal("22023", $"DECIMAL precision {precision} must be between 1 and 38");
        if (scale > 37 || scale > precision)
            throw new Refusal(
                "22023",
                $"DECIMAL scale {scale} must be between 0 and precision {Math.Min(precision, 37)}"
            );
        return $"numeric({precision},{scale})";
    }

    private static ColumnType Char(TokenReader tokens)
    {
        var length = Length(tokens) ?? 1;
        if (length is < 1 or > 4096)
            throw new Refusal("22023", "length for type char cannot exceed 4096");
        return new($"character({length})", length);
    }

    private static ColumnType Varchar(TokenReader tokens)
    {
        var length = Length(tokens) ?? 256;
        if (length is < 1 or > LongestVarchar)
            throw new Refusal("22023", $"length for type character varying cannot exceed {LongestVarchar}");
        return new($"character varying({length})", length);
    }

    private static ColumnType Varbyte(TokenReader tokens)
    {
        var length = Length(tokens) ?? 64000;
        if (length is < 1 or > LongestVarbyte)
            throw new Refusal("22023", $"length for type binary varying cannot exceed {LongestVarbyte}");
        return new("pg_catalog.varbyte", length);
    }

    private static bool Zoned(TokenReader tokens)
    {
        if (tokens.Is("("))
            throw Refusal.Unsupported("a precision for a type of time");
        if (tokens.Take("with", "time", "zone"))
            return true;
        tokens.Take("without", "time", "zone");
        return false;
    }

    private static string Interval(TokenReader tokens)
    {
        if (tokens.Take("year", "to", "month"))
            return "interval year to month";
        if (tokens.Take("day", "to", "second"))
            return tokens.Is("(") ? $"interval day to second({Length(tokens)})" : "interval day to second";
        throw new Refusal("0A000", "INTERVAL needs YEAR TO MONTH or DAY TO SECOND");
    }

    private static long? Length(TokenReader tokens)
    {
        if (!tokens.Take("("))
            return null;
        var length = tokens.Take("max") ? LongestVarchar : tokens.Integer();
        tokens.Expect(")");
        return length;
    }
}

/// <summary>
/// What PostgreSQL is given as the type of a column; how many bytes a value may have, where that is limited.
/// </summary>
public readonly record struct ColumnType(string Sql, long? Bytes = null)
{
    /// <summary>
    /// The check that counts bytes where PostgreSQL would count characters. Its name holds the number.
    /// </summary>
    public string Check(string column) =>
        Bytes is { } bytes
            ? $"CONSTRAINT {Relation.Quote(CheckName(column))} CHECK "
                + $"(pg_catalog.octet_length({Relation.Quote(column)}) <= {bytes})"
            : "";

    private string CheckName(string column) =>
        $"standin_bytes_{Bytes}_"
        + Convert.ToHexString(System.Security.Cryptography.SHA256.HashData(System.Text.Encoding.UTF8.GetBytes(column)))[
            ..12
        ];
}
