using System.Text.Json.Nodes;
using Hypervize.Client;
using Hypervize.Contracts;
using Hypervize.Dashboard.Deploy;

namespace Hypervize.Dashboard.Tests;

/// <summary>However often an order is sent, one endpoint is made.</summary>
public sealed class EndpointOrderSpecs : IDisposable
{
    private const string Create = "POST v1/endpoints";
    private readonly FakePlatform _platform = new();
    private readonly EndpointOrder _order;

    public EndpointOrderSpecs()
    {
        _platform.Answer(Create, Some.Endpoint, 202);
        _order = new(_platform.Access.With(Some.Key));
    }

    public void Dispose() => _platform.Dispose();

    [Fact]
    public async Task A_try_whose_answer_was_lost_is_repeated_in_the_same_words_though_the_quote_is_another_now()
    {
        _platform.Before = (_, _) => throw new HttpRequestException("gone");
        await Assert.ThrowsAsync<RefusedException>(() => SendAsync("quote-1"));
        _platform.Before = (_, _) => Task.CompletedTask;
        Assert.Equal(Some.EndpointId, (await SendAsync("quote-2")).Id);
        Assert.Equal(["quote-1", "quote-1"], Quotes());
        Assert.Single(_platform.IdempotencyKeys.Distinct());
    }

    [Fact]
    public async Task What_was_refused_made_nothing_and_may_be_sent_with_another_quote()
    {
        _platform.Refuse(Create, 422, "quote_expired", "It held until now.");
        await Assert.ThrowsAsync<RefusedException>(() => SendAsync("quote-1"));
        _platform.Answer(Create, Some.Endpoint, 202);
        await SendAsync("quote-2");
        Assert.Equal(["quote-1", "quote-2"], Quotes());
        Assert.Single(_platform.IdempotencyKeys.Distinct());
    }

    [Fact]
    public async Task What_an_earlier_try_made_of_another_form_is_told_before_another_is_made()
    {
        _platform.Refuse(Create, 422, "idempotency_key_reused", "It was used with another body.");
        var told = await Assert.ThrowsAsync<RefusedException>(() => SendAsync("quote-1"));
        Assert.Contains("listed under Inference", told.Detail);
        _platform.Answer(Create, Some.Endpoint, 202);
        await SendAsync("quote-1");
        Assert.Equal(2, _platform.IdempotencyKeys.Distinct().Count());
    }

    private Task<EndpointResource> SendAsync(string quote) => _order.SendAsync(new JsonObject { ["name"] = "chat", ["quote"] = quote, ["scaling"] = new JsonObject { ["max"] = 2 } }, default);

    private IEnumerable<string?> Quotes() => _platform.Asked.Select(a => (string?)a.Body!["quote"]);
}
