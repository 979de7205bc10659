using System.Text.Json.Nodes;
using Hypervize.Contracts;
using Hypervize.Dashboard.Shell;

namespace Hypervize.Dashboard.Endpoints.Configuration;

/// <summary>
/// An endpoint's settings while somebody edits them. What is not edited follows the endpoint; what is edited stays, and is overtaken when somebody else changes
/// the same meanwhile: then it is asked which of the two is meant.
/// </summary>
public sealed class Draft
{
    // A part of the body that the API takes as a whole: what is not said is taken away.
    private static readonly string[] Wholes = ["scaling.tuning", "limits"];

    private readonly Dictionary<string, (string Text, string From)> _edits = new(StringComparer.Ordinal);
    private EndpointResource _it;
    private EndpointSettings _settings;

    /// <summary>Begins to edit.</summary>
    /// <param name="it">The endpoint.</param>
    public Draft(EndpointResource it) => (_it, _settings) = (it, SettingsOf(it));

    /// <summary>The version that it rests on.</summary>
    public long Version => _it.Version;

    /// <summary>What would change.</summary>
    public IReadOnlyList<EndpointSetting> Changed => [.. EndpointSettingList.All.Where(s => _edits.ContainsKey(s.Path))];

    /// <summary>Whether something would.</summary>
    public bool IsChanged => _edits.Count > 0;

    /// <summary>What was edited here and changed by somebody else.</summary>
    public IReadOnlyList<EndpointSetting> Overtaken => [.. Changed.Where(IsOvertaken)];

    /// <summary>Whether it can be sent.</summary>
    public bool MaySave => IsChanged && Overtaken.Count == 0 && EndpointSettingList.All.All(s => Error(s) is null);

    /// <summary>What a field shows.</summary>
    /// <param name="setting">The setting.</param>
    public string Text(EndpointSetting setting) => _edits.TryGetValue(setting.Path, out var edit) ? edit.Text : setting.Of(_settings);

    /// <summary>What it is at the platform.</summary>
    /// <param name="setting">The setting.</param>
    public string Now(EndpointSetting setting) => setting.Of(_settings);

    /// <summary>Edits a setting.</summary>
    /// <param name="setting">The setting.</param>
    /// <param name="text">What its field shows then.</param>
    public void Edit(EndpointSetting setting, string text)
    {
        var from = _edits.TryGetValue(setting.Path, out var edit) ? edit.From : Now(setting);
        if (setting.Normal(text) == Now(setting)) _edits.Remove(setting.Path);
        else _edits[setting.Path] = (text, from);
    }

    /// <summary>Whether somebody else changed what is edited here.</summary>
    /// <param name="setting">The setting.</param>
    public bool IsOvertaken(EndpointSetting setting) => _edits.TryGetValue(setting.Path, out var edit) && edit.From != Now(setting);

    /// <summary>What is edited is meant, whatever it was changed to meanwhile.</summary>
    /// <param name="setting">The setting.</param>
    public void Keep(EndpointSetting setting)
    {
        if (_edits.TryGetValue(setting.Path, out var edit)) _edits[setting.Path] = (edit.Text, Now(setting));
    }

    /// <summary>Gives an edit up.</summary>
    /// <param name="setting">The setting.</param>
    public void Drop(EndpointSetting setting) => _edits.Remove(setting.Path);

    /// <summary>Gives all edits up.</summary>
    public void DropAll() => _edits.Clear();

    /// <summary>Takes the endpoint as it is now; one that is older than what is known is passed over.</summary>
    /// <param name="it">The endpoint.</param>
    public void Follow(EndpointResource it)
    {
        if (it.Version < _it.Version) return;
        (_it, _settings) = (it, SettingsOf(it));
        foreach (var setting in Changed.Where(s => s.Normal(Text(s)) == Now(s))) _edits.Remove(setting.Path);
    }

    /// <summary>Takes the endpoint as it is after what was edited was saved; what was typed meanwhile is edited still.</summary>
    /// <param name="it">The endpoint.</param>
    /// <param name="sent">What was sent.</param>
    public void Saved(EndpointResource it, IEnumerable<EndpointSetting> sent)
    {
        Follow(it);
        foreach (var setting in sent) Keep(setting);
    }

    /// <summary>What is wrong with what a field shows; null when nothing is.</summary>
    /// <param name="setting">The setting.</param>
    public string? Error(EndpointSetting setting)
    {
        if (setting.Error(setting.Normal(Text(setting))) is { } wrong) return wrong;
        return setting == EndpointSettingList.Min && Whole(EndpointSettingList.Min) is { } min && Whole(EndpointSettingList.Max) is { } max && min > max ? $"Must not be above the most nodes ({max})." : null;
    }

    /// <summary>The body that says what changes, and nothing else; members that are replaced as a whole are said as a whole.</summary>
    public JsonObject Patch()
    {
        var body = new JsonObject();
        foreach (var whole in Wholes.Where(w => Changed.Any(s => IsIn(s, w))))
        {
            foreach (var setting in EndpointSettingList.All.Where(s => IsIn(s, whole) && Text(s).Trim().Length > 0)) Say(body, setting);
            if (EndpointSettingList.All.All(s => !IsIn(s, whole) || Text(s).Trim().Length == 0)) Say(body, whole, null);
        }
        foreach (var setting in Changed.Where(s => !Wholes.Any(w => IsIn(s, w)))) Say(body, setting);
        return body;
    }

    /// <summary>What would change, in words.</summary>
    public IReadOnlyList<string> Changes() => [.. Changed.Select(s => s.Change(Now(s), s.Normal(Text(s))))];

    /// <summary>What comes of it that may not be expected; nothing while it can't be saved.</summary>
    public IReadOnlyList<string> Consequences()
    {
        if (!MaySave) return [];
        var said = new List<string>();
        if (Now(EndpointSettingList.Min) == "0" && Whole(EndpointSettingList.Min) is > 0 and var min)
            said.Add($"{(_it.Status == EndpointStatus.Hibernated ? "It wakes now, and" : "It")} does not sleep any more: {Words.Usd(min * _it.PricePerHour)} per hour at least.");
        if (Changed.Contains(EndpointSettingList.Access) && Text(EndpointSettingList.Access) == "public") said.Add("Anyone who knows its address may call it; you pay.");
        if (Changed.Any(s => IsIn(s, "scaling.tuning"))) said.Add("What was measured by the old tuning is forgotten: idle time begins anew.");
        return said;
    }

    private int? Whole(EndpointSetting setting) => setting.Error(setting.Normal(Text(setting))) is null && int.TryParse(setting.Normal(Text(setting)), out var number) ? number : null;

    private static bool IsIn(EndpointSetting setting, string whole) => setting.Path.StartsWith($"{whole}.", StringComparison.Ordinal);

    private void Say(JsonObject body, EndpointSetting setting) => Say(body, setting.Path, setting.Json(setting.Normal(Text(setting))));

    private static void Say(JsonObject body, string path, JsonNode? value)
    {
        var names = path.Split('.');
        foreach (var name in names[..^1])
        {
            if (body[name] is not JsonObject inner) body[name] = inner = [];
            body = inner;
        }
        body[names[^1]] = value;
    }

    private static EndpointSettings SettingsOf(EndpointResource it) => new(it.Name, it.Model, it.Hardware, it.Runtime, it.Scaling, it.HoldSeconds, it.Access, it.Telemetry, it.Limits);
}
