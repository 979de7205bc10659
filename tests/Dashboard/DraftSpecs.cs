using Hypervize.Contracts;
using Hypervize.Dashboard.Endpoints.Configuration;

namespace Hypervize.Dashboard.Tests;

/// <summary>Settings while somebody edits them.</summary>
public sealed class DraftSpecs
{
    private readonly Draft _draft = new(Some.Endpoint);

    [Fact]
    public void Only_what_changed_is_said()
    {
        Edit("name", "talk");
        Edit("scaling.max", "8");
        Edit("telemetry", "false");
        Edit("holdSeconds", "60");
        Assert.Equal("""{"name":"talk","scaling":{"max":8},"telemetry":false}""", _draft.Patch().ToJsonString());
        Assert.Equal(["Name: chat → talk", "Most nodes: 4 → 8", "Logging and telemetry: on → off"], _draft.Changes());
    }

    [Fact]
    public void What_is_edited_back_is_no_change()
    {
        Edit("scaling.max", "8");
        Edit("scaling.max", " 04 ");
        Assert.False(_draft.IsChanged);
    }

    [Fact]
    public void Limits_and_tuning_are_said_as_a_whole()
    {
        var draft = new Draft(Some.Endpoint with { Limits = new(600, 32, new(20, 2)), Scaling = new(0, 4, 300, 16, 90, new(Utilisation: 0.7, PanicAt: 2)) });
        draft.Edit(Setting("limits.concurrent"), "64");
        draft.Edit(Setting("scaling.tuning.panicAt"), "1.5");
        Assert.Equal(
            """{"scaling":{"tuning":{"utilisation":0.7,"panicAt":1.5}},"limits":{"requestsPerMinute":600,"concurrent":64,"perAddress":{"requestsPerMinute":20,"concurrent":2}}}""",
            draft.Patch().ToJsonString());
    }

    [Fact]
    public void What_is_emptied_is_taken_away()
    {
        var draft = new Draft(Some.Endpoint with { Limits = new(600), Scaling = new(0, 4, 300, 16, 90, new(UpRate: 4)) });
        foreach (var path in (string[])["limits.requestsPerMinute", "scaling.requestsPerMinute", "scaling.tuning.upRate"]) draft.Edit(Setting(path), "");
        Assert.Equal("""{"scaling":{"tuning":null,"requestsPerMinute":null},"limits":null}""", draft.Patch().ToJsonString());
        Assert.Contains("Requests per minute: 600 → no limit", draft.Changes());
    }

    [Theory]
    [InlineData("scaling.min", "65", "Must lie between 0 and 64, not be 65.")]
    [InlineData("scaling.min", "-1", "Must lie between 0 and 64, not be -1.")]
    [InlineData("scaling.min", "5", "Must not be above the most nodes (4).")]
    [InlineData("scaling.max", "0", "Must lie between 1 and 64, not be 0.")]
    [InlineData("scaling.max", "2.5", "Must be a whole number.")]
    [InlineData("scaling.max", "", "Must be given.")]
    [InlineData("scaling.idleSeconds", "86401", "Must lie between 1 and 86400, not be 86401.")]
    [InlineData("scaling.tuning.utilisation", "1.01", "Must lie between 0.1 and 1, not be 1.01.")]
    [InlineData("scaling.tuning.utilisation", "0,8", "Must be a number, such as 0.8.")]
    [InlineData("name", "endpt-x", "Must be letters, digits, spaces and . _ -, begin with a letter or a digit, and not look like an id.")]
    public void What_the_platform_would_refuse_is_said_before(string path, string text, string error)
    {
        Edit(path, text);
        Assert.Equal(error, _draft.Error(Setting(path)));
        Assert.False(_draft.MaySave);
    }

    [Fact]
    public void What_is_not_edited_follows_the_endpoint_and_what_is_stays()
    {
        Edit("scaling.max", "8");
        _draft.Follow(Some.Endpoint with { HoldSeconds = 90, Version = 5 });
        Assert.Equal(("8", "90"), (_draft.Text(Setting("scaling.max")), _draft.Text(Setting("holdSeconds"))));
        _draft.Follow(Some.Endpoint with { HoldSeconds = 30, Version = 3 });
        Assert.Equal(("90", 5L), (_draft.Text(Setting("holdSeconds")), _draft.Version));
        Assert.True(_draft.MaySave);
    }

    [Fact]
    public void What_somebody_else_changed_is_not_overwritten_unasked()
    {
        Edit("scaling.max", "8");
        _draft.Follow(Some.Endpoint with { Scaling = new(0, 6, 300, 16), Version = 5 });
        Assert.Equal(["scaling.max"], _draft.Overtaken.Select(s => s.Path));
        Assert.False(_draft.MaySave);
        _draft.Keep(Setting("scaling.max"));
        Assert.True(_draft.MaySave);
        _draft.Drop(Setting("scaling.max"));
        Assert.Equal(("6", false), (_draft.Text(Setting("scaling.max")), _draft.IsChanged));
    }

    [Fact]
    public void What_somebody_else_changed_alike_needs_no_change()
    {
        Edit("scaling.max", "8");
        _draft.Follow(Some.Endpoint with { Scaling = new(0, 8, 300, 16), Version = 5 });
        Assert.False(_draft.IsChanged);
    }

    [Fact]
    public void What_is_typed_while_it_is_saved_is_edited_still_and_not_overtaken()
    {
        Edit("scaling.max", "8");
        var sent = _draft.Changed;
        Edit("scaling.max", "9");
        _draft.Saved(Some.Endpoint with { Scaling = new(0, 8, 300, 16), Version = 5 }, sent);
        Assert.Equal(("9", true), (_draft.Text(Setting("scaling.max")), _draft.MaySave));
    }

    [Fact]
    public void What_comes_of_it_is_said()
    {
        var draft = new Draft(Some.Endpoint with { Status = EndpointStatus.Hibernated });
        draft.Edit(Setting("scaling.min"), "2");
        draft.Edit(Setting("access"), "public");
        Assert.Equal(["It wakes now, and does not sleep any more: $2.012 per hour at least.", "Anyone who knows its address may call it; you pay."], draft.Consequences());
    }

    [Fact]
    public void Nothing_comes_of_what_can_not_be_saved()
    {
        Edit("access", "public");
        Edit("scaling.max", "many");
        Assert.Empty(_draft.Consequences());
        Edit("scaling.max", "5");
        Assert.NotEmpty(_draft.Consequences());
    }

    private void Edit(string path, string text) => _draft.Edit(Setting(path), text);

    private static EndpointSetting Setting(string path) => EndpointSettingList.All.Single(s => s.Path == path);
}
