using System.Globalization;
using System.Text;

namespace Headrace.Lake;

/// <summary>Keys as they can be shown: whoever may drop files chooses their names.</summary>
public static class PlainKey
{
    /// <summary>False for a name that cannot be shown as it is, or cannot be told from another one.</summary>
    /// <remarks>.NET shows bytes that are not UTF-8 as U+FFFD; such a name cannot be opened.</remarks>
    public static bool IsPlain(string name)
    {
        foreach (var c in name)
            if (char.IsControl(c) || c == '\uFFFD')
                return false;
        return true;
    }

    /// <summary>The key with what cannot be shown as <c>\uXXXX</c>.</summary>
    public static string Of(string key)
    {
        if (IsPlain(key))
            return key;
        var text = new StringBuilder(key.Length + 16);
        foreach (var c in key)
            if (char.IsControl(c) || c == '\uFFFD')
                text.Append(CultureInfo.InvariantCulture, $"\\u{(int)c:X4}");
            else
                text.Append(c);
        return text.ToString();
    }
}
