using System.Text.Json.Nodes;
using Hypervize.Client;
using Hypervize.Dashboard.Deploy;
using Microsoft.Extensions.Time.Testing;

namespace Hypervize.Dashboard.Tests;

/// <summary>Quotes while somebody types.</summary>
public sealed class QuoteDeskSpecs : IDisposable
{
    private readonly FakeTimeProvider _time = new(Some.Now);
    private readonly FakePlatform _platform = new();
    private readonly QuoteDesk _desk;

    public QuoteDeskSpecs()
    {
        _platform.Answer("POST v1/quotes", Quoted.Answer);
        _desk = new(_platform.Access.With(Some.Key), _time);
    }

    public void Dispose()
    {
        _desk.Dispose();
        _platform.Dispose();
    }

    [Fact]
    public async Task Who_types_is_not_interrupted_and_only_the_last_word_is_looked_at()
    {
        var first = _desk.AskAsync(Ask("acme/a"));
        _time.Advance(QuoteDesk.Pause / 2);
        var second = _desk.AskAsync(Ask("acme/ab"));
        _time.Advance(QuoteDesk.Pause / 2);
        Assert.Empty(_platform.Asked);
        _time.Advance(QuoteDesk.Pause);
        await Task.WhenAll(first, second);
        Assert.Equal(("acme/ab", 1), (_desk.Holding!.Model, _platform.Asked.Count));
    }

    [Fact]
    public async Task An_answer_to_an_older_question_never_replaces_a_newer_one()
    {
        var held = new TaskCompletionSource();
        _platform.Before = (_, body) => Model(body) == "acme/old" ? held.Task : Task.CompletedTask;
        var old = AskedAsync("acme/old");
        await AskedAsync("acme/new");
        held.SetResult();
        await old;
        Assert.Equal(("acme/new", "acme/new", false), (_desk.Holding!.Model, _desk.Answered!.Model, _desk.IsAsking));
    }

    [Fact]
    public async Task A_refusal_of_an_older_question_is_not_heard_either()
    {
        var held = new TaskCompletionSource();
        _platform.Before = async (_, body) =>
        {
            if (Model(body) != "acme/old") return;
            await held.Task;
            throw new HttpRequestException("gone");
        };
        var old = AskedAsync("acme/old");
        await AskedAsync("acme/new");
        held.SetResult();
        await old;
        Assert.Equal(("acme/new", null), (_desk.Holding!.Model, _desk.Refusal));
    }

    [Fact]
    public async Task While_something_newer_is_asked_nothing_holds()
    {
        await AskedAsync("acme/a");
        var asking = _desk.AskAsync(Ask("acme/b"));
        Assert.Equal((null, "acme/a", true, true), (_desk.Holding, _desk.Quote!.Model, _desk.IsOld, _desk.IsAsking));
        _time.Advance(QuoteDesk.Pause);
        await asking;
        Assert.Equal(("acme/b", false), (_desk.Holding!.Model, _desk.IsOld));
    }

    [Fact]
    public async Task What_is_typed_back_is_not_asked_for_again()
    {
        await AskedAsync("acme/a");
        var asking = _desk.AskAsync(Ask("acme/ab"));
        await _desk.AskAsync(Ask("acme/a"));
        await asking;
        Assert.Equal(("acme/a", 1), (_desk.Holding!.Model, _platform.Asked.Count));
    }

    [Fact]
    public async Task Other_hardware_leaves_what_is_known_of_the_model()
    {
        await AskedAsync("acme/a");
        var asking = _desk.AskAsync(Ask("acme/a") with { Hardware = "g5.xlarge" });
        Assert.Equal((null, false), (_desk.Holding, _desk.IsOld));
        _time.Advance(QuoteDesk.Pause);
        await asking;
        Assert.Equal("g5.xlarge", _desk.Holding!.Chosen);
    }

    [Fact]
    public async Task Other_numbers_of_nodes_need_no_other_quote()
    {
        await AskedAsync("acme/a");
        await _desk.AskAsync(Ask("acme/a") with { Nodes = (1, 8) });
        Assert.Single(_platform.Asked);
    }

    [Fact]
    public async Task A_refusal_takes_the_place_of_what_was_known_and_can_be_asked_about_again()
    {
        await AskedAsync("acme/a");
        _platform.Refuse("POST v1/quotes", 503, "hub_unreachable", "The Hub does not answer.");
        await AskedAsync("acme/b");
        Assert.Equal((null, null, "hub_unreachable"), (_desk.Holding, _desk.Quote, _desk.Refusal!.Code));
        _platform.Answer("POST v1/quotes", Quoted.Answer);
        await _desk.AskAgainAsync(Ask("acme/b"));
        Assert.Equal(("acme/b", null), (_desk.Holding!.Model, _desk.Refusal));
    }

    [Fact]
    public async Task A_key_that_is_good_no_longer_is_said_to_be()
    {
        _platform.Refuse("POST v1/quotes", 401, "key_invalid", "No such key.");
        await Assert.ThrowsAsync<RefusedException>(() => AskedAsync("acme/a"));
    }

    private static QuoteAsk Ask(string model) => new(model, null, null, null, null, false);

    private static string? Model(JsonNode? body) => (string?)body!["model"];

    private Task AskedAsync(string model)
    {
        var asking = _desk.AskAsync(Ask(model));
        _time.Advance(QuoteDesk.Pause);
        return asking;
    }
}
