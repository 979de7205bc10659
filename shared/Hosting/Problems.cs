using Hypervize.EventSourcing;
using Microsoft.AspNetCore.Http;

namespace Hypervize.Hosting;

/// <summary>Refusals as problem details (RFC 9457), with a stable <c>code</c>.</summary>
public static class Problems
{
    /// <summary>A refusal as an answer.</summary>
    /// <param name="refusal">The refusal.</param>
    public static IResult From(Refusal refusal) => From(Status(refusal.Kind), refusal.Code, refusal.Message);

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

    private static int Status(RefusalKind kind) => kind switch
    {
        RefusalKind.NotFound => StatusCodes.Status404NotFound,
        RefusalKind.Conflict => StatusCodes.Status409Conflict,
        RefusalKind.Stale => StatusCodes.Status412PreconditionFailed,
        RefusalKind.Invalid => StatusCodes.Status422UnprocessableEntity,
    };
}
