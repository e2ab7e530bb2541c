namespace Headrace.Configuration.Binding;

/// <summary>Types in users' words, and values as users would write them.</summary>
internal static class TypeWords
{
    /// <summary>Ends the sentence "expected …".</summary>
    public static string Expected(Type type) =>
        Of(type) switch
        {
            "yes or no" => "true or false",
            "whole number" => "a whole number",
            "duration" => "a duration such as 500ms, 2s, 10m, 1h or 1d",
            "size" => "a size such as 512MB, 1GiB or a number of bytes",
            "share" => "a share such as 0.5% or 0.005",
            "text or list" => "a text or a list of texts",
            "column type" => "a column type",
            "keys" => "keys and values",
            var words => words,
        };

    public static string Of(Type type) =>
        type switch
        {
            _ when type == typeof(string) => "text",
            _ when type == typeof(bool) => "yes or no",
            _ when type == typeof(int) => "whole number",
            _ when type == typeof(long) => "size",
            _ when type == typeof(double) => "share",
            _ when type == typeof(TimeSpan) => "duration",
            _ when type == typeof(ColumnType) => "column type",
            _ when type == typeof(IReadOnlyList<string>) => "text or list",
            { IsEnum: true } => string.Join(", ", Choices.Of(type).Select(choice => choice.Word)),
            _ => "keys",
        };

    /// <summary>A value as it would be written; null for one that cannot be said in one word.</summary>
    public static string? Text(object? value) =>
        value switch
        {
            string text => text,
            bool yes => yes ? "true" : "false",
            int number => number.ToString(System.Globalization.CultureInfo.InvariantCulture),
            long bytes => Quantity.Text(bytes),
            double share => Quantity.Text(share),
            TimeSpan duration => Quantity.Text(duration),
            Enum choice => Choices.WordOf(choice),
            ColumnType type => type.ToString(),
            _ => null,
        };
}
