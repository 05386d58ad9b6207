using Mesh.Http;
using Mesh.Kit.Connections;

namespace Mesh.Tests.Unit.Http;

public sealed class DateFieldTests
{
    private readonly VirtualTime time = new();

    [Theory]
    [InlineData(200)]
    [InlineData(304)]
    [InlineData(503)]
    public void Final_response_without_a_date_gets_one(int status)
    {
        var head = new ResponseHead { Status = status };
        DateField.Ensure(head, time);
        Assert.Equal($"date: {time.GetUtcNow():R}\n", head.Headers.ToString());
    }

    [Fact]
    public void Date_of_the_application_stays()
    {
        var head = new ResponseHead { Status = 200 };
        head.Headers.Add("Date", "Sun, 06 Nov 1994 08:49:37 GMT");
        DateField.Ensure(head, time);
        Assert.Equal("Date: Sun, 06 Nov 1994 08:49:37 GMT\n", head.Headers.ToString());
    }

    [Theory]
    [InlineData(100)]
    [InlineData(101)]
    [InlineData(103)]
    public void Interim_responses_have_none(int status)
    {
        var head = new ResponseHead { Status = status };
        DateField.Ensure(head, time);
        Assert.Equal(0, head.Headers.Count);
    }

    [Fact]
    public void Clock_goes_on()
    {
        string[] seen = [.. Enumerable.Range(0, 3).Select(_ =>
        {
            string text = System.Text.Encoding.ASCII.GetString(DateField.Now(time));
            time.Advance(TimeSpan.FromSeconds(1));
            return text;
        })];
        Assert.Equal([.. Enumerable.Range(-3, 3).Select(second => $"{time.GetUtcNow().AddSeconds(second):R}")], seen);
    }
}
