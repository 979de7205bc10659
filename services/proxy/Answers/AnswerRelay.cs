using System.Buffers;
using System.IO.Pipelines;
using System.Text;
using Hypervize.Proxy.Forwarding;
using Hypervize.Proxy.Nodes;
using Hypervize.Proxy.Waking;

namespace Hypervize.Proxy.Answers;

/// <summary>Passes a node's answer on to the client as it comes, and notes what it saw of tokens and times.</summary>
/// <param name="settings">How much of answers is kept.</param>
/// <param name="time">Time.</param>
public sealed class AnswerRelay(AnswerSettings settings, TimeProvider time)
{
    private const int MostAtOnce = 64 * 1024;
    private readonly AnswerRoom _room = new(settings.MaxCollectedBytes);

    /// <summary>Passes an answer on whose head was read.</summary>
    /// <param name="call">The request.</param>
    /// <param name="connection">The connection that brings the answer.</param>
    /// <exception cref="IOException">The answer broke off.</exception>
    internal ValueTask<Forwarded> PassBackAsync(InferenceCall call, NodeConnection connection) =>
        call.Heartbeat is { } heartbeat ? PassBackAsync(call, connection, heartbeat) : PassAsync(call, connection);

    // Apart, so that what has no heartbeat passes one asynchronous method less.
    private async ValueTask<Forwarded> PassBackAsync(InferenceCall call, NodeConnection connection, Heartbeat heartbeat)
    {
        await heartbeat.PauseAsync();
        return await PassAsync(call, connection);
    }

    private ValueTask<Forwarded> PassAsync(InferenceCall call, NodeConnection connection)
    {
        var (response, head) = (call.Http.Response, connection.Head);
        if (response.HasStarted && !head.IsEventStream) return EndAsEventAsync(call, connection);
        if (!response.HasStarted) WriteHead(call, head);
        // Heartbeats began the answer before its headers could tell.
        else if (call.WakeReceipt is { } receipt) Encoding.ASCII.GetBytes($": {WakeTimes.Header}: {receipt}\n\n", response.BodyWriter);

        if (head.IsEventStream) return PassEventsAsync(call, connection);
        return head.IsJson && head.Status < 300 ? PassJsonAsync(call, connection) : PassPlainAsync(call, connection);
    }

    private static void WriteHead(InferenceCall call, AnswerHead head)
    {
        var response = call.Http.Response;
        RequestId.Echo(call.Http);
        response.StatusCode = head.Status;
        response.ContentType = head.ContentType;
        // What the client is not shown of a stream makes it shorter.
        if (head is { End: BodyEnd.Length or BodyEnd.None, IsEventStream: false, Status: not (204 or 304) }) response.ContentLength = head.Length;
        foreach (var (name, value) in head.PassedBack) response.Headers.Append(name, value);
        if (call.WakeReceipt is { } receipt) response.Headers[WakeTimes.Header] = receipt;
    }

    /// <summary>What was said of an answer that nobody got is not said of the error in its place.</summary>
    /// <param name="call">The request.</param>
    /// <param name="head">The answer's head.</param>
    internal static async ValueTask TakeBackAsync(InferenceCall call, AnswerHead head)
    {
        if (call.Heartbeat is { } heartbeat) await heartbeat.PauseAsync();
        if (call.Http.Response is { HasStarted: true }) return;
        foreach (var (name, _) in head.PassedBack) call.Http.Response.Headers.Remove(name);
        call.Http.Response.Headers.Remove(WakeTimes.Header);
    }

    private async ValueTask<Forwarded> PassEventsAsync(InferenceCall call, NodeConnection connection)
    {
        var to = call.Http.Response.BodyWriter;
        var events = new EventStream(call.Endpoint.ModelJson, call.Body.AsksForUsage);
        try
        {
            while (true)
            {
                var (passed, spoke) = (false, false);
                while (connection.TryRead(out var arrived))
                {
                    if (!events.Pass(arrived.Span, to)) continue;
                    passed = call.HasAnswered = true; // At once: what follows in the same stretch may be malformed.
                    spoke |= events.Spoke;
                }
                if (spoke) NotePiece(call);
                if (connection.IsAtEnd) break;
                if (passed && (await to.FlushAsync()).IsCompleted) return Forwarded.ClientGone;
                // What was not passed on is silence to the client.
                call.Heartbeat?.Resume(passed ? time.GetTimestamp() : null);
                connection.Received(await connection.ReceiveAsync());
                if (call.Heartbeat is { } heartbeat) await heartbeat.PauseAsync();
            }
            // What nothing but the connection's end ends may have broken off, if it is in the middle of an event.
            if (connection.Head.End == BodyEnd.Close && events.IsInside) throw new BrokenAnswerException("The stream ended in the middle of an event.");
            events.End(to);
            return Outcome(connection);
        }
        finally
        {
            call.Usage = events.Usage ?? new TokenUsage(0, events.TextEvents);
        }
    }

    private void NotePiece(InferenceCall call)
    {
        var now = time.GetTimestamp();
        if (call.FirstPieceAt == 0) call.FirstPieceAt = now;
        else (call.Gaps ??= new()).Add(time.GetElapsedTime(call.LastPieceAt, now));
        call.LastPieceAt = now;
    }

    private async ValueTask<Forwarded> PassJsonAsync(InferenceCall call, NodeConnection connection)
    {
        ReadOnlyMemory<byte> arrived;
        while (!connection.TryRead(out arrived) && !connection.IsAtEnd) connection.Received(await connection.ReceiveAsync());
        // Nearly always the endpoint's own name comes first. Where another does, or none yet, the whole answer is looked at.
        if (ModelName.IsIn(arrived.Span, call.Endpoint.ModelJson.Span) is not true) return await CollectAndPassAsync(call, connection, arrived);

        var to = call.Http.Response.BodyWriter;
        call.HasAnswered = true;
        // What is written before the head is kept by the server in a place of its own, and copied.
        await call.Http.Response.StartAsync();
        to.Write(arrived.Span);
        if (!connection.TryRead(out var more) && connection.IsAtEnd)
        {
            call.Usage = TokenUsage.Of(arrived.Span);
            return Outcome(connection);
        }
        var usage = new UsageFinder();
        usage.Look(arrived.Span);
        return await PassRestAsync(call, connection, usage, more);
    }

    // What is too large to be looked at as a whole.
    private static async ValueTask<Forwarded> PassRestAsync(InferenceCall call, NodeConnection connection, UsageFinder usage, ReadOnlyMemory<byte> arrived)
    {
        var to = call.Http.Response.BodyWriter;
        while (true)
        {
            usage.Look(arrived.Span);
            to.Write(arrived.Span);
            if (connection.TryRead(out arrived)) continue;
            if (connection.IsAtEnd) break;
            if ((await to.FlushAsync()).IsCompleted) return Forwarded.ClientGone;
            connection.Received(await connection.ReceiveAsync());
            if (!connection.TryRead(out arrived) && connection.IsAtEnd) break;
        }
        call.Usage = usage.Found;
        return await EndAsync(call, connection);
    }

    private async ValueTask<Forwarded> CollectAndPassAsync(InferenceCall call, NodeConnection connection, ReadOnlyMemory<byte> first)
    {
        using var answer = new CollectedAnswer(_room, connection.Head.Length);
        answer.Add(first.Span);
        if (await CollectAsync(answer, connection)) return await PassWholeAsync(call, connection, answer.Bytes);

        // Under a name that may be the node's own, but nobody waited for it in vain.
        var usage = new UsageFinder();
        usage.Look(answer.Bytes.Span);
        call.HasAnswered = true;
        if (!await WriteAsync(call.Http.Response.BodyWriter, answer.Bytes)) return Forwarded.ClientGone;
        answer.Dispose();
        return await PassRestAsync(call, connection, usage, default);
    }

    // False when there is no room for all of it.
    private static async ValueTask<bool> CollectAsync(CollectedAnswer answer, NodeConnection connection)
    {
        while (true)
        {
            while (connection.TryRead(out var arrived))
                if (!answer.Add(arrived.Span)) return false;
            if (connection.IsAtEnd) return true;
            connection.Received(await connection.ReceiveAsync());
        }
    }

    private static async ValueTask<Forwarded> PassWholeAsync(InferenceCall call, NodeConnection connection, ReadOnlyMemory<byte> answer)
    {
        if (answer.Length > RequestBody.Large) await Task.Yield();
        var (response, to, model) = (call.Http.Response, call.Http.Response.BodyWriter, call.Endpoint.ModelJson);
        (call.Usage, call.HasAnswered) = (TokenUsage.Of(answer.Span), true);
        if (ModelName.OtherThan(answer.Span, model.Span) is not { } other) return await WriteAsync(to, answer) ? await EndAsync(call, connection) : Forwarded.ClientGone;
        var (start, length) = other.GetOffsetAndLength(answer.Length);
        if (!response.HasStarted) response.ContentLength = answer.Length - length + model.Length;
        var isWritten = await WriteAsync(to, answer[..start]) && await WriteAsync(to, model) && await WriteAsync(to, answer[(start + length)..]);
        return isWritten ? await EndAsync(call, connection) : Forwarded.ClientGone;
    }

    // False when the client is gone. What is large goes as the client takes it, so that it is not kept twice.
    private static async ValueTask<bool> WriteAsync(PipeWriter to, ReadOnlyMemory<byte> bytes)
    {
        for (; bytes.Length > MostAtOnce; bytes = bytes[MostAtOnce..])
        {
            to.Write(bytes.Span[..MostAtOnce]);
            if ((await to.FlushAsync()).IsCompleted) return false;
        }
        to.Write(bytes.Span);
        return true;
    }

    private static async ValueTask<Forwarded> PassPlainAsync(InferenceCall call, NodeConnection connection)
    {
        var to = call.Http.Response.BodyWriter;
        call.HasAnswered = true;
        while (true)
        {
            while (connection.TryRead(out var arrived)) to.Write(arrived.Span);
            if (connection.IsAtEnd) return await EndAsync(call, connection);
            if ((await to.FlushAsync()).IsCompleted) return Forwarded.ClientGone;
            connection.Received(await connection.ReceiveAsync());
        }
    }

    // A response that heartbeats began is a stream by now: an answer that is none can only be an event of it.
    private async ValueTask<Forwarded> EndAsEventAsync(InferenceCall call, NodeConnection connection)
    {
        var (to, head) = (call.Http.Response.BodyWriter, connection.Head);
        using var answer = new CollectedAnswer(_room, head.Length);
        if (!await CollectAsync(answer, connection)) throw new BrokenAnswerException("The answer is too large for an event.");
        answer.JoinLines();
        call.HasAnswered = true;
        to.Write("data: "u8);
        var outcome = Outcome(connection);
        if (head.IsJson && head.Status < 300) outcome = await PassWholeAsync(call, connection, answer.Bytes);
        else if (!await WriteAsync(to, answer.Bytes)) outcome = Forwarded.ClientGone;
        to.Write("\n\n"u8);
        await to.FlushAsync();
        call.NodeStatus = head.Status;
        return outcome;
    }

    // The server sends by itself what was never flushed, or what ends chunks; the rest of an answer with a length would stay here.
    private static async ValueTask<Forwarded> EndAsync(InferenceCall call, NodeConnection connection)
    {
        if (call.Http.Response is { HasStarted: true, ContentLength: not null } response) await response.BodyWriter.FlushAsync();
        return Outcome(connection);
    }

    private static Forwarded Outcome(NodeConnection connection) => connection.Head.Status < 500 ? Forwarded.Answered : Forwarded.AnsweredWithError;
}
