using System.Text;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using Headrace.Hosting;
using Headrace.Server.Pages;
using Microsoft.AspNetCore.Http;

namespace Headrace.Server;

/// <summary>Writes answers: documents without secrets, errors as problem details.</summary>
internal sealed class Answers
{
    private readonly Func<string, string> redact;
    private readonly Gate gate;
    private readonly Audit audit;
    private readonly Layout layout;
    private readonly Views views;
    private readonly LiveRequests live;
    private readonly RecentAnswers recent;

    /// <param name="version">Another number once a job of this server has changed.</param>
    /// <param name="stop">Ends what is told as it goes.</param>
    public Answers(
        Func<string, string> redact,
        Gate gate,
        Audit audit,
        Layout layout,
        Func<long> version,
        TimeProvider clock,
        CancellationToken stop
    )
    {
        (this.redact, this.gate, this.audit, this.layout) = (redact, gate, audit, layout);
        views = Views.Without(redact);
        recent = new RecentAnswers(version);
        live = new LiveRequests(view => Json(view, Views.Default.RequestView), clock, stop);
    }

    /// <summary>Lets a request in or not, and turns what is thrown into an answer.</summary>
    public async Task GuardAsync(HttpContext context, RequestDelegate next)
    {
        var headers = context.Response.Headers;
        headers.ContentSecurityPolicy =
            "default-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'; object-src 'none'";
        headers.XContentTypeOptions = "nosniff";
        headers["Referrer-Policy"] = "same-origin"; // without one a browser names no origin in a form
        headers.CacheControl = "no-store";
        try
        {
            gate.Check(context);
            await next(context);
        }
        catch (OperationCanceledException) when (context.RequestAborted.IsCancellationRequested)
        {
            // Nobody waits for an answer.
        }
        catch (HeadraceException error)
        {
            await ProblemAsync(context, error);
        }
        catch (BadHttpRequestException error)
        {
            await ProblemAsync(context, Error.BodyRefused(error.Message, "correct the request"));
        }
        catch (Exception error)
        {
            await ProblemAsync(context, Error.Bug($"{error.GetType().Name}: {error.Message}", error));
        }
        finally
        {
            audit.Note(context);
        }
    }

    /// <summary>Answers by an endpoint.</summary>
    public async Task AnswerAsync(HttpContext context, Endpoint endpoint)
    {
        var call = new Call(context, endpoint.Parameters);
        call.CheckNames();
        if (endpoint.IsShared)
        {
            var text = await recent.GetAsync(
                Question(context),
                async () => Json(await endpoint.Handle(call), endpoint.Answer!),
                call.Cancel
            );
            await TextAsync(context, text, "application/json");
            return;
        }

        var value = await HandleAsync(endpoint, call);
        context.Response.StatusCode = endpoint.Status;
        if (endpoint.IsStream)
            await live.AnswerAsync(context, (Job)value);
        else if (endpoint.Answer is null)
            await TextAsync(context, redact((string)value), "text/plain");
        else
            await TextAsync(context, Json(value, endpoint.Answer), "application/json");
    }

    /// <summary>Answers with a page, or with its document to who asks for JSON.</summary>
    public async Task PageAsync(HttpContext context, Page page)
    {
        var call = new Call(context, page.Parameters);
        call.CheckNames();
        var text = page.IsShared
            ? await recent.GetAsync(Question(context), () => PageAsync(page, call), call.Cancel)
            : await PageAsync(page, call);
        await TextAsync(context, text, IsForPeople(context) ? "text/html" : "application/json");
    }

    // Who asked for a change and hears that it is done, sees it.
    private async Task<object> HandleAsync(Endpoint endpoint, Call call)
    {
        try
        {
            return await endpoint.Handle(call);
        }
        finally
        {
            if (!Gate.IsRead(call.Context.Request))
                recent.Forget();
        }
    }

    private async Task<string> PageAsync(Page page, Call call)
    {
        var context = call.Context;
        var document = Json(await page.Ask(call), page.Type);
        if (!IsForPeople(context))
            return document;

        // What is drawn is the document itself: it has no secrets any more.
        var value = JsonSerializer.Deserialize(document, views.GetTypeInfo(page.Type.Type)!)!;
        return layout.Write(
            page.Title,
            context.Request.Path,
            page.Draw(value, call),
            $"{context.Request.Path}{context.Request.QueryString}",
            page.Every(value),
            page.Live(value)
        );
    }

    private static string Question(HttpContext context) =>
        $"{IsForPeople(context)} {context.Request.Path}{context.Request.QueryString}";

    /// <summary>Does what a button of a page asks for, and leads to a page.</summary>
    public async Task FormAsync(HttpContext context, Form form)
    {
        var call = new Call(context, form.Endpoint.Parameters);
        await FormToken.CheckAsync(call);
        var next = form.Next(await HandleAsync(form.Endpoint, call), call);
        context.Response.StatusCode = StatusCodes.Status303SeeOther;
        context.Response.Headers.Location = next;
    }

    private static bool IsForPeople(HttpContext context) =>
        !context.Request.Headers.Accept.ToString().Contains("application/json", StringComparison.OrdinalIgnoreCase);

    /// <summary>A document without secrets.</summary>
    public string Json(object value, JsonTypeInfo type) =>
        JsonSerializer.Serialize(value, views.GetTypeInfo(type.Type)!);

    /// <summary>Answers with a text.</summary>
    public static Task TextAsync(HttpContext context, string text, string type)
    {
        context.Response.ContentType = $"{type}; charset=utf-8";
        return context.Response.WriteAsync(text, Encoding.UTF8, context.RequestAborted);
    }

    private async Task ProblemAsync(HttpContext context, HeadraceException error)
    {
        if (context.Response.HasStarted)
        {
            context.Abort();
            return;
        }

        var status = StatusOf(error);
        context.Response.StatusCode = status;
        if (status == 401)
            context.Response.Headers.WWWAuthenticate = new(["Bearer", "Basic realm=\"Headrace\", charset=\"UTF-8\""]);
        var problem = ProblemView.Of(RunError.Of(error), status);
        if (context.Request.Headers.Accept.ToString().Contains("text/html", StringComparison.OrdinalIgnoreCase))
        {
            var told = RunError.Of(error).Redacted(redact);
            await TextAsync(
                context,
                layout.Write("That did not work", "", Words.Error(ErrorJson.Of(told))),
                "text/html"
            );
            return;
        }

        await TextAsync(context, Json(problem, Views.Default.ProblemView), "application/problem+json");
    }

    private static int StatusOf(HeadraceException error) =>
        error.Code switch
        {
            "HDR-604" or "HDR-606" or "HDR-617" => 403,
            "HDR-605" => 401,
            "HDR-607" => 429,
            "HDR-610" or "HDR-518" or "HDR-533" => 404,
            "HDR-536" => 409,
            "HDR-302" or "HDR-611" or "HDR-401" => 503,
            _ => error.Stage switch
            {
                ErrorStage.Configuration or ErrorStage.Server => 400,
                ErrorStage.Checks => 409,
                ErrorStage.Bug => 500,
                _ => 502,
            },
        };
}
