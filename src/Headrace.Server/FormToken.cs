using System.Security.Cryptography;
using System.Text;
using Headrace.Server.Pages;

namespace Headrace.Server;

/// <summary>
/// What the forms of this server's pages carry and no page of another place can know. It is new with each start.
/// </summary>
internal static class FormToken
{
    private const string Name = "form";

    private static readonly string Value = Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(32));

    /// <summary>The field that a form carries.</summary>
    public static Html Field => Html.Of($"<input type=\"hidden\" name=\"{Name}\" value=\"{Value}\">");

    /// <summary>Refuses a form that was not made here.</summary>
    /// <exception cref="HeadraceException">HDR-617.</exception>
    public static async Task CheckAsync(Call call)
    {
        var request = call.Context.Request;
        var said = request.HasFormContentType ? (await request.ReadFormAsync(call.Cancel))[Name].ToString() : "";
        if (!CryptographicOperations.FixedTimeEquals(Encoding.UTF8.GetBytes(said), Encoding.UTF8.GetBytes(Value)))
            throw Error.FormForeign();
    }
}
