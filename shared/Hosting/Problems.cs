using Hypervize.EventSourcing;
using Microsoft.AspNetCore.Http;

namespace Hypervize.Hosting;

/// <summary>Refusals as problem details (RFC 9457), with a stable <c>code</c>.</summary>
public static class Problems
{
    /// <summary>A refusal as an answer.</summary>
    /// <param name="refusal">The refusal.</param>
    public static IResult From(Refusal refusal) => From(
        Status(refusal.Kind), refusal.Code, refusal.Message, refusal.Field is { } field ? new Dictionary<string, string[]> { [field] = [refusal.Message] } : null);

    /// <summary>A problem as an answer.</summary>
    /// <param name="status">HTTP status.</param>
    /// <param name="code">Stable snake_case code.</param>
    /// <param name="message">What is wrong and what to do.</param>
    /// <param name="errors">Messages by path of the field; null when no field is to blame.</param>
    public static IResult From(int status, string code, string message, IReadOnlyDictionary<string, string[]>? errors = null)
    {
        var extensions = new Dictionary<string, object?> { ["code"] = code };
        if (errors is not null) extensions["errors"] = errors;
        return Results.Problem(detail: message, statusCode: status, extensions: extensions);
    }

    /// <summary>Gives the answers that the framework makes, such as those to unknown paths, a code and words too.</summary>
    /// <param name="context">The answer in the making.</param>
    internal static void Complete(ProblemDetailsContext context)
    {
        var problem = context.ProblemDetails;
        var (code, message) = context.HttpContext.Response.StatusCode switch
        {
            StatusCodes.Status400BadRequest => ("bad_request", "The request could not be read."),
            StatusCodes.Status401Unauthorized => ("identity_missing", "Come through the platform's front door, with an API key."),
            StatusCodes.Status403Forbidden => ("forbidden", "This is for other services of the platform only."),
            StatusCodes.Status404NotFound => ("not_found", "There is nothing at this path. GET /openapi/v1.json lists what there is."),
            StatusCodes.Status405MethodNotAllowed => ("method_not_allowed", "This path takes other methods; the header Allow names them."),
            StatusCodes.Status413PayloadTooLarge => ("body_too_large", "The body is too large."),
            StatusCodes.Status415UnsupportedMediaType => ("content_type", "Send the body as application/json."),
            StatusCodes.Status500InternalServerError => ("internal_error", "Something broke here. Whether the request was carried out is not known; look before you repeat it."),
            var status => ($"http_{status}", null),
        };
        if (!problem.Extensions.TryAdd("code", code)) return;
        problem.Detail ??= message;
    }

    private static int Status(RefusalKind kind) => kind switch
    {
        RefusalKind.NotFound => StatusCodes.Status404NotFound,
        RefusalKind.Gone => StatusCodes.Status410Gone,
        RefusalKind.Conflict => StatusCodes.Status409Conflict,
        RefusalKind.Stale => StatusCodes.Status412PreconditionFailed,
        RefusalKind.Invalid => StatusCodes.Status422UnprocessableEntity,
    };
}
