using Hypervize.Autoscaler.Recording;
using Hypervize.Hosting;
using Npgsql;

namespace Hypervize.Autoscaler.Api;

/// <summary>Answers questions about recorded traffic: some at a time, and as long as there is a database.</summary>
internal static class Questions
{
    /// <summary>Answers one.</summary>
    /// <param name="recorded">The traffic.</param>
    /// <param name="question">The question, with all that it reads.</param>
    /// <param name="cancel">Stops waiting.</param>
    public static async Task<IResult> AnswerAsync(this RecordedTraffic recorded, Func<Task<IResult>> question, CancellationToken cancel)
    {
        try
        {
            return await recorded.InTurnAsync(question, cancel)
                ?? Problems.From(StatusCodes.Status503ServiceUnavailable, "busy", "Others ask about a lot of traffic now, and some are answered at a time. Try again in some seconds.");
        }
        catch (NpgsqlException)
        {
            return Problems.From(StatusCodes.Status503ServiceUnavailable, "metrics_unavailable", "The database does not answer: what was recorded can't be told now. Ask again later.");
        }
    }
}
