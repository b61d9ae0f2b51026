use super::*;
use axum::Router;
use axum::body::HttpBody;
use axum::http::StatusCode;
use axum::routing::{get, post};
use std::sync::Mutex;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

/// What was seen, in a line each: `GET /prices/{pair} 200`.
type Told = Arc<Mutex<Vec<String>>>;

fn telling() -> (HttpMetrics, Told) {
    let told = Told::default();
    let heard = Arc::clone(&told);
    let layer = HttpMetrics::telling(move |seen| {
        heard.lock().unwrap().push(format!("{} {} {}", seen.method, seen.route, seen.status.as_u16()));
    });
    (layer, told)
}

async fn boom() -> StatusCode {
    panic!("a handler that fails, for a test")
}

fn app(layer: HttpMetrics) -> Router {
    let nested = Router::new().route("/orders/{id}", post(|| async { StatusCode::CREATED }));
    Router::new()
        .route("/prices/{pair}", get(|| async { "3350.12" }))
        .route("/slow", get(std::future::pending::<StatusCode>))
        .route("/boom", get(boom))
        .nest("/v2/{tenant}", nested)
        .layer(layer)
}

async fn ask(app: &Router, method: &str, path: &str) -> Response<Body> {
    let request = Request::builder().method(method).uri(path).body(Body::empty()).unwrap();
    app.clone().call(request).await.unwrap()
}

#[tokio::test]
async fn a_route_is_its_pattern_and_whatever_matches_none_is_one_value() {
    let (layer, told) = telling();
    let app = app(layer);
    for path in ["/prices/a", "/prices/b", "/v2/blue/orders/7", "/wp-login.php", "/prices/a/b"] {
        drop(ask(&app, if path.contains("orders") { "POST" } else { "GET" }, path).await);
    }
    let expected = [
        "GET /prices/{pair} 200",
        "GET /prices/{pair} 200",
        "POST /v2/{tenant}/orders/{id} 201",
        "GET unmatched 404",
        "GET unmatched 404",
    ];
    assert_eq!(*told.lock().unwrap(), expected);
}

#[tokio::test]
async fn a_method_that_http_does_not_name_is_one_value() {
    let (layer, told) = telling();
    let app = app(layer);
    for method in ["BREW", "PROPFIND", "get"] {
        drop(ask(&app, method, "/prices/a").await);
    }
    assert_eq!(*told.lock().unwrap(), ["other /prices/{pair} 405"; 3]);
}

#[tokio::test]
async fn a_request_is_counted_when_its_answer_has_left_and_not_before() {
    let (layer, told) = telling();
    let answer = ask(&app(layer), "GET", "/prices/a").await;
    assert_eq!(answer.body().size_hint().exact(), Some(7), "the length of the answer is still known");
    assert!(told.lock().unwrap().is_empty());
    drop(answer);
    assert_eq!(*told.lock().unwrap(), ["GET /prices/{pair} 200"]);
}

#[tokio::test]
async fn a_caller_that_goes_away_and_a_handler_that_panics_are_counted() {
    let (layer, told) = telling();
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let served = tokio::spawn(async move { axum::serve(listener, app(layer)).await });
    let counted = |lines: usize| {
        let told = Arc::clone(&told);
        async move {
            while told.lock().unwrap().len() < lines {
                tokio::task::yield_now().await;
            }
        }
    };

    let mut impatient = TcpStream::connect(address).await.unwrap();
    impatient.write_all(b"GET /slow HTTP/1.1\r\nHost: a\r\n\r\n").await.unwrap();
    drop(impatient);
    counted(1).await;
    let mut unlucky = TcpStream::connect(address).await.unwrap();
    unlucky.write_all(b"GET /boom HTTP/1.1\r\nHost: a\r\n\r\n").await.unwrap();
    drop(unlucky.read_to_end(&mut Vec::new()).await);
    counted(2).await;

    assert_eq!(*told.lock().unwrap(), ["GET /slow 499", "GET /boom 500"]);
    served.abort();
}

#[tokio::test]
async fn both_families_have_the_labels_of_the_missions_middleware() {
    let measures = Measures::default();
    drop(ask(&app(HttpMetrics::new(&measures)), "GET", "/prices/a").await);
    let shown = measures.render(std::time::Instant::now());
    let labels = r#"method="GET",route="/prices/{pair}",status_code="200""#;
    assert!(shown.contains(&format!("http_requests_total{{{labels}}} 1")), "{shown}");
    assert!(shown.contains(&format!("http_request_duration_seconds_count{{{labels}}} 1")), "{shown}");
}
