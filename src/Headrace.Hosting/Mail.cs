using System.Net.Sockets;
using Headrace.Configuration;
using MailKit;
using MailKit.Net.Smtp;
using MailKit.Security;
using MimeKit;

namespace Headrace.Hosting;

/// <summary>Sends a mail by a server of the user's.</summary>
internal static class Mail
{
    /// <summary>What kept it from being taken; null when it was.</summary>
    public static async Task<string?> FaultAsync(
        SmtpSettings smtp,
        string subject,
        string text,
        TimeSpan longest,
        CancellationToken cancel
    )
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancel);
        limit.CancelAfter(longest);
        try
        {
            using var message = new MimeMessage
            {
                Subject = subject,
                Body = new TextPart("plain") { Text = text },
            };
            message.From.Add(MailboxAddress.Parse(smtp.From));
            foreach (var address in smtp.To)
                message.To.Add(MailboxAddress.Parse(address));
            using var client = new SmtpClient { CheckCertificateRevocation = false }; // as other clients here
            await client.ConnectAsync(smtp.Host, smtp.Port, Options(smtp.Tls), limit.Token);
            if (smtp is { User: { } user, Password: { } password })
                await client.AuthenticateAsync(user, password, limit.Token);
            await client.SendAsync(message, limit.Token);
            await client.DisconnectAsync(quit: true, limit.Token);
            return null;
        }
        catch (OperationCanceledException) when (!cancel.IsCancellationRequested)
        {
            return $"there was no answer within {longest.TotalSeconds:0} s";
        }
        catch (Exception error)
            when (error
                    is CommandException
                        or ProtocolException
                        or AuthenticationException
                        or SslHandshakeException
                        or ParseException
                        or NotSupportedException
                        or IOException
                        or SocketException
            )
        {
            return Plain.Line(error.Message.Split('\n')[0].Trim());
        }
    }

    private static SecureSocketOptions Options(SmtpTls tls) =>
        tls switch
        {
            SmtpTls.Starttls => SecureSocketOptions.StartTls,
            SmtpTls.OnConnect => SecureSocketOptions.SslOnConnect,
            _ => SecureSocketOptions.None,
        };
}
