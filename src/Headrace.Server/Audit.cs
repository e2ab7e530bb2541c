using System.Buffers;
using System.Net;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Headrace.Hosting;
using Microsoft.AspNetCore.Http;

namespace Headrace.Server;

/// <summary>
/// Who asked for what that changes something, and who was sent away: lines of JSON that are only added, in a file that
/// only its owner can read. A token is there as the beginning of its hash.
/// </summary>
internal sealed class Audit : IDisposable
{
    private readonly FileStream file;
    private readonly TimeProvider clock;
    private readonly Lock gate = new();

    public Audit(string path, TimeProvider clock)
    {
        this.clock = clock;
        var options = new FileStreamOptions
        {
            Mode = FileMode.Append,
            Access = FileAccess.Write,
            Share = FileShare.Read,
        };
        if (!OperatingSystem.IsWindows())
            options.UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite;
        file = new FileStream(path, options);
    }

    /// <summary>Writes down a request once it was answered.</summary>
    public void Note(HttpContext context)
    {
        if (Gate.IsRead(context.Request) && context.Response.StatusCode is not (401 or 403 or 429))
            return;
        var bytes = new ArrayBufferWriter<byte>();
        using (var json = new Utf8JsonWriter(bytes))
        {
            json.WriteStartObject();
            json.WriteString("at", UtcTime.Text(clock.GetUtcNow()));
            json.WriteString("from", (context.Connection.RemoteIpAddress ?? IPAddress.None).ToString());
            json.WriteString("who", Who(context.Request));
            json.WriteString("method", context.Request.Method);
            json.WriteString("path", Plain.Line(context.Request.Path.Value));
            json.WriteNumber("status", context.Response.StatusCode);
            json.WriteEndObject();
        }

        bytes.Write("\n"u8);
        lock (gate)
        {
            if (!file.CanWrite)
                return; // the server has ended
            file.Write(bytes.WrittenSpan);
            file.Flush();
        }
    }

    public void Dispose()
    {
        lock (gate)
            file.Dispose();
    }

    private static string Who(HttpRequest request) =>
        Gate.TokenOf(request) is { Length: > 0 } token
            ? $"token {Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(token)))[..12]}"
            : "nobody";
}
