using System.Collections.Concurrent;
using System.Text;
using System.Text.Json;
using Hypervize.Contracts;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using RabbitMQ.Client;

namespace Hypervize.Hosting;

/// <summary>A message that failed every retry.</summary>
/// <param name="Queue">The queue it failed on.</param>
/// <param name="MessageId">Its id.</param>
/// <param name="MessageType">Its type.</param>
/// <param name="FailedAt">When it was given up.</param>
/// <param name="Reason">The exception's message.</param>
/// <param name="Body">The message, as JSON.</param>
public sealed record FailedMessage(string Queue, string? MessageId, string? MessageType, string? FailedAt, string? Reason, JsonElement Body);

/// <summary>The error queues of a service: what an operator lists, and replays after the cause is mended.</summary>
public sealed class ErrorQueues(BusSettings settings)
{
    private const int MostListed = 100;
    private readonly ConcurrentDictionary<string, byte> _queues = new();

    internal void Add(string queue) => _queues.TryAdd(queue, 0);

    /// <summary>Messages that failed, oldest first, at most 100 of each queue.</summary>
    /// <param name="cancel">Stops.</param>
    public async Task<IReadOnlyList<FailedMessage>> ListAsync(CancellationToken cancel)
    {
        var failed = new List<FailedMessage>();
        await foreach (var (queue, channel) in ExistingAsync(cancel))
        {
            // Unacknowledged messages go back to their places when the channel closes.
            for (var i = 0; i < MostListed && await channel.BasicGetAsync(ErrorQueue(queue), autoAck: false, cancel) is { } message; i++)
                failed.Add(Describe(queue, message));
        }
        return failed;
    }

    /// <summary>Puts the failed messages of a queue back to work, those that are there now.</summary>
    /// <param name="queue">The queue they failed on.</param>
    /// <param name="cancel">Stops.</param>
    /// <returns>How many; null when this service has no such queue.</returns>
    public async Task<int?> ReplayAsync(string queue, CancellationToken cancel)
    {
        if (!_queues.ContainsKey(queue)) return null;
        await foreach (var (name, channel) in ExistingAsync(cancel))
        {
            if (name != queue) continue;
            var count = (int)await channel.MessageCountAsync(ErrorQueue(queue), cancel);
            for (var i = 0; i < count; i++)
            {
                if (await channel.BasicGetAsync(ErrorQueue(queue), autoAck: false, cancel) is not { } message) return i;
                await channel.BasicPublishAsync("", queue, mandatory: true, new BasicProperties(message.BasicProperties), message.Body, cancel);
                await channel.BasicAckAsync(message.DeliveryTag, multiple: false, cancel);
            }
            return count;
        }
        return 0;
    }

    private async IAsyncEnumerable<(string Queue, IChannel Channel)> ExistingAsync([System.Runtime.CompilerServices.EnumeratorCancellation] CancellationToken cancel)
    {
        var factory = new ConnectionFactory { Uri = new Uri(settings.Uri), AutomaticRecoveryEnabled = false };
        await using var connection = await factory.CreateConnectionAsync("hypervize error queues", cancel);
        var confirmed = new CreateChannelOptions(publisherConfirmationsEnabled: true, publisherConfirmationTrackingEnabled: true);
        foreach (var queue in _queues.Keys.Order(StringComparer.Ordinal))
        {
            await using var channel = await connection.CreateChannelAsync(confirmed, cancel);
            try
            {
                await channel.QueueDeclarePassiveAsync(ErrorQueue(queue), cancel);
            }
            catch (RabbitMQ.Client.Exceptions.OperationInterruptedException)
            {
                continue; // MassTransit declares an error queue with its first failure.
            }
            yield return (queue, channel);
        }
    }

    private static string ErrorQueue(string queue) => $"{queue}_error";

    private static FailedMessage Describe(string queue, BasicGetResult message)
    {
        var headers = message.BasicProperties.Headers;
        return new(queue, message.BasicProperties.MessageId, Header("MT-Fault-MessageType"), Header("MT-Fault-Timestamp"), Header("MT-Fault-Message"), Body());

        string? Header(string name) => headers?.TryGetValue(name, out var value) is true && value is byte[] bytes ? Encoding.UTF8.GetString(bytes) : null;

        JsonElement Body()
        {
            try
            {
                using var envelope = JsonDocument.Parse(message.Body);
                return envelope.RootElement.TryGetProperty("message", out var inner) ? inner.Clone() : envelope.RootElement.Clone();
            }
            catch (JsonException)
            {
                return JsonSerializer.SerializeToElement(Convert.ToBase64String(message.Body.Span));
            }
        }
    }
}

/// <summary>Routes of the error queues, for operators.</summary>
public static class ErrorQueueRoutes
{
    /// <summary>Maps <c>/v1/operations/{service}/errors</c>: list, and replay by queue.</summary>
    /// <param name="app">The service.</param>
    /// <param name="service">Its name.</param>
    public static void MapErrorQueues(this WebApplication app, string service)
    {
        var routes = app.MapGroup($"/v1/operations/{service}/errors").AddEndpointFilter(async (context, next) =>
            Caller.From(context.HttpContext.User).May(KeyScope.Operator)
                ? await next(context)
                : Problems.From(StatusCodes.Status403Forbidden, "scope_missing", "This needs a key with scope operator."));

        routes.MapGet("", async (ErrorQueues queues, CancellationToken cancel) => new { Messages = await queues.ListAsync(cancel) });
        routes.MapPost("/{queue}/replay", async (string queue, ErrorQueues queues, CancellationToken cancel) =>
            await queues.ReplayAsync(queue, cancel) is { } replayed
                ? Results.Ok(new { Queue = queue, Replayed = replayed })
                : Problems.From(StatusCodes.Status404NotFound, "queue_unknown", $"{service} has no queue {queue}."));
    }
}
