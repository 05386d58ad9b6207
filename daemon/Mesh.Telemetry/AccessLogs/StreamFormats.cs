using System.Buffers;

namespace Mesh.Telemetry.AccessLogs;

/// <summary>One JSON object a line.</summary>
internal sealed class JsonAccessFormat() : AccessFormat(0)
{
    protected override void Begin(in AccessRecord record, ReadOnlySpan<byte> startTime, ByteBatch batch)
    {
        batch.Append("{\"start_time\":\""u8);
        batch.Append(startTime);
        batch.Append((byte)'"');
    }

    protected internal override void Text(AccessField field, ReadOnlySpan<byte> value, ByteBatch batch)
    {
        batch.Append(field.Json);
        batch.Append((byte)'"');
        batch.AppendEscaped(value);
        batch.Append((byte)'"');
    }

    protected override void Number(AccessField field, ReadOnlySpan<byte> digits, ByteBatch batch)
    {
        batch.Append(field.Json);
        batch.Append(digits);
    }

    protected override void End(ByteBatch batch) => batch.Append("}\n"u8);
}

/// <summary>One line of name=value pairs for people; values with spaces, quotes or anything but printable ASCII are quoted and escaped as in JSON.</summary>
internal sealed class TextAccessFormat() : AccessFormat(1)
{
    private static readonly SearchValues<byte> Bare = SearchValues.Create([.. Enumerable.Range(0x21, 0x5E).Where(static i => i != '"').Select(static i => (byte)i)]);

    protected override void Begin(in AccessRecord record, ReadOnlySpan<byte> startTime, ByteBatch batch)
    {
        batch.Append("access start_time="u8);
        batch.Append(startTime);
    }

    protected internal override void Text(AccessField field, ReadOnlySpan<byte> value, ByteBatch batch)
    {
        batch.Append(field.Text);
        if (value.IndexOfAnyExcept(Bare) < 0)
        {
            batch.Append(value);
            return;
        }
        batch.Append((byte)'"');
        batch.AppendEscaped(value);
        batch.Append((byte)'"');
    }

    protected override void Number(AccessField field, ReadOnlySpan<byte> digits, ByteBatch batch)
    {
        batch.Append(field.Text);
        batch.Append(digits);
    }

    protected override void End(ByteBatch batch) => batch.Append((byte)'\n');
}
