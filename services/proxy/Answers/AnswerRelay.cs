using System.Buffers;
using System.Text;
using Hypervize.Proxy.Forwarding;
using Hypervize.Proxy.Nodes;
using Hypervize.Proxy.Waking;

namespace Hypervize.Proxy.Answers;

/// <summary>Passes a node's answer on to the client as it comes, and notes what it saw of tokens and times.</summary>
/// <param name="time">Time.</param>
public sealed class AnswerRelay(TimeProvider time)
{
    private const int MostOfAnError = 64 * 1024;
    private const int MostToRename = 32 * 1024 * 1024;

    /// <summary>Passes an answer on whose head was read.</summary>
    /// <param name="call">The request.</param>
    /// <param name="connection">The connection that brings the answer.</param>
    /// <exception cref="IOException">The answer broke off.</exception>
    internal async ValueTask<Forwarded> PassBackAsync(InferenceCall call, NodeConnection connection)
    {
        if (call.Heartbeat is { } heartbeat) await heartbeat.PauseAsync();
        var (response, head) = (call.Http.Response, connection.Head);
        if (response.HasStarted && !head.IsEventStream) return await EndAsEventAsync(call, connection);
        if (!response.HasStarted) WriteHead(call, head);
        // Heartbeats began the answer before its headers could tell.
        else if (call.WakeReceipt is { } receipt) Encoding.ASCII.GetBytes($": {WakeTimes.Header}: {receipt}\n\n", response.BodyWriter);

        if (head.IsEventStream) return await PassEventsAsync(call, connection);
        var outcome = head.IsJson && head.Status < 300 ? await PassJsonAsync(call, connection) : await PassPlainAsync(call, connection);
        // The server sends by itself what was never flushed, or what ends chunks; the rest of an answer with a length would stay here.
        if (response is { HasStarted: true, ContentLength: not null }) await response.BodyWriter.FlushAsync();
        return outcome;
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

    private async ValueTask<Forwarded> PassEventsAsync(InferenceCall call, NodeConnection connection)
    {
        var to = call.Http.Response.BodyWriter;
        var events = new EventStream(call.Endpoint.ModelJson, call.Body.AsksForUsage);
        try
        {
            while (true)
            {
                var passed = false;
                // At once: what follows in the same stretch may be malformed.
                while (connection.TryRead(out var arrived))
                    if (events.Pass(arrived.Span, to)) passed = call.HasAnswered = true;
                if (passed) NotePiece(call);
                if (connection.IsAtEnd) break;
                if (passed && (await to.FlushAsync()).IsCompleted) return Forwarded.ClientGone;
                call.Heartbeat?.Resume(time.GetTimestamp());
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

    private static async ValueTask<Forwarded> PassJsonAsync(InferenceCall call, NodeConnection connection)
    {
        var to = call.Http.Response.BodyWriter;
        var usage = new UsageFinder();
        ReadOnlyMemory<byte> arrived;
        while (!connection.TryRead(out arrived) && !connection.IsAtEnd) connection.Received(await connection.ReceiveAsync());
        // Nearly always the endpoint's own name comes first. Where another does, or none yet, the whole answer is looked at.
        if (ModelName.IsIn(arrived.Span, call.Endpoint.ModelJson.Span) is not true) return await PassRenamedAsync(call, connection, arrived);

        while (true)
        {
            usage.Look(arrived.Span);
            to.Write(arrived.Span);
            call.HasAnswered = true;
            if (!connection.TryRead(out arrived))
            {
                if (connection.IsAtEnd) break;
                if ((await to.FlushAsync()).IsCompleted) return Forwarded.ClientGone;
                connection.Received(await connection.ReceiveAsync());
                if (!connection.TryRead(out arrived) && connection.IsAtEnd) break;
            }
        }
        call.Usage = usage.Found;
        return Outcome(connection);
    }

    private static async ValueTask<Forwarded> PassRenamedAsync(InferenceCall call, NodeConnection connection, ReadOnlyMemory<byte> first)
    {
        var answer = new ArrayBufferWriter<byte>(first.Length + 1);
        answer.Write(first.Span);
        while (!connection.IsAtEnd && answer.WrittenCount <= MostToRename)
        {
            while (connection.TryRead(out var arrived)) answer.Write(arrived.Span);
            if (!connection.IsAtEnd) connection.Received(await connection.ReceiveAsync());
        }
        if (!connection.IsAtEnd) throw new BrokenAnswerException("The answer is too large.");

        var (response, to, model) = (call.Http.Response, call.Http.Response.BodyWriter, call.Endpoint.ModelJson);
        var usage = new UsageFinder();
        usage.Look(answer.WrittenSpan);
        (call.Usage, call.HasAnswered) = (usage.Found, true);
        if (ModelName.OtherThan(answer.WrittenSpan, model.Span) is not { } other)
        {
            to.Write(answer.WrittenSpan);
            return Outcome(connection);
        }
        var (start, length) = other.GetOffsetAndLength(answer.WrittenCount);
        response.ContentLength = answer.WrittenCount - length + model.Length;
        to.Write(answer.WrittenSpan[..start]);
        to.Write(model.Span);
        to.Write(answer.WrittenSpan[(start + length)..]);
        return Outcome(connection);
    }

    private static async ValueTask<Forwarded> PassPlainAsync(InferenceCall call, NodeConnection connection)
    {
        var to = call.Http.Response.BodyWriter;
        call.HasAnswered = true;
        while (true)
        {
            while (connection.TryRead(out var arrived)) to.Write(arrived.Span);
            if (connection.IsAtEnd) return Outcome(connection);
            if ((await to.FlushAsync()).IsCompleted) return Forwarded.ClientGone;
            connection.Received(await connection.ReceiveAsync());
        }
    }

    // A response that heartbeats began is a stream by now: an answer that is none can only be an event of it.
    private static async ValueTask<Forwarded> EndAsEventAsync(InferenceCall call, NodeConnection connection)
    {
        var answer = new StringBuilder();
        while (!connection.IsAtEnd && answer.Length < MostOfAnError)
        {
            while (connection.TryRead(out var arrived)) answer.Append(Encoding.UTF8.GetString(arrived.Span));
            if (!connection.IsAtEnd) connection.Received(await connection.ReceiveAsync());
        }
        await call.Http.Response.WriteAsync($"data: {answer.ToString().ReplaceLineEndings(" ")}\n\n");
        return connection.Head.Status < 300 ? Outcome(connection) : Forwarded.AnsweredWithError;
    }

    private static Forwarded Outcome(NodeConnection connection) => connection.Head.Status < 500 ? Forwarded.Answered : Forwarded.AnsweredWithError;
}
