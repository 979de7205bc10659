using System.Text.Json;
using Hypervize.Endpoints.Api;
using Hypervize.Hosting;
using Hypervize.Sizing;

namespace Hypervize.Endpoints.Sizing;

/// <summary>Refusals of models as problem details.</summary>
public static class ModelProblems
{
    /// <summary>A refusal as an answer.</summary>
    /// <param name="refusal">The refusal.</param>
    public static IResult From(PlanRefusal refusal) => Problems.From(
        refusal.Status, refusal.Code, refusal.Message, new Dictionary<string, string[]> { [refusal.Field] = [refusal.Message] });

    /// <summary>Says that a route may refuse models.</summary>
    /// <param name="route">The route.</param>
    public static RouteHandlerBuilder RefusesModels(this RouteHandlerBuilder route) => Enum.GetValues<ModelProblem>().GroupBy(Status)
        .Aggregate(route, (it, problems) => it.Refuses(problems.Key, [.. problems.Select(Code)]));

    /// <summary>A refusal of a model.</summary>
    /// <param name="refusal">The refusal.</param>
    public static PlanRefusal Of(ModelRefusal refusal) => new(Status(refusal.Problem), Code(refusal.Problem), refusal.Message, EndpointFields.Model.Path);

    private static string Code(ModelProblem problem) => JsonSerializer.Serialize(problem).Trim('"');

    private static int Status(ModelProblem problem) => problem switch
    {
        ModelProblem.NotFound or ModelProblem.RevisionNotFound or ModelProblem.Gated or ModelProblem.Disabled or ModelProblem.Unsupported
            or ModelProblem.TooLarge or ModelProblem.TokenInvalid or ModelProblem.WeightsUnreadable => StatusCodes.Status422UnprocessableEntity,
        ModelProblem.RateLimited or ModelProblem.Unreachable => StatusCodes.Status503ServiceUnavailable,
    };
}

/// <summary>Why no endpoint can be planned.</summary>
/// <param name="Status">HTTP status.</param>
/// <param name="Code">Stable snake_case code.</param>
/// <param name="Message">What is wrong and what to do.</param>
/// <param name="Field">Field that is to blame.</param>
public sealed record PlanRefusal(int Status, string Code, string Message, string Field);
